"""Every page beside the inbox: settings, team, link, reports, audit log; one module for each.

`blueprints` lists them, `settings_pages` those of the settings.
"""
