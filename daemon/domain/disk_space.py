"""A disk that fills up, in free bytes: from the doctor's first hint to the end of receiving."""

MB = 1024**2

# the doctor's hint: left for a busy day's pictures
HINTED_BELOW = 2048 * MB
# the alert, and its all-clear
ALERTED_BELOW, FINE_FROM = 512 * MB, 768 * MB
# the doctor calls it wrong: SQLite may fail at any moment
WRONG_BELOW = 256 * MB
# no attachment is fetched below it: what is left is for messages
FETCHES_FROM = WRONG_BELOW + 64 * MB
# receiving stops, and goes on: what is in flight, both databases' logs and the state of the link still fit in
STOPS_BELOW, GOES_ON_FROM = 48 * MB, 64 * MB
