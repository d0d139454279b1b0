"""The shared inbox in the browser: Flask pages, live by websocket, never a word to WhatsApp itself."""
