"""What is kept and where else: backup, restore, export, retention, and whether the disk has room."""
