"""WhatsApp's clock and ours: two clocks are compared only by how far they are known to be apart."""

from datetime import timedelta

# the way of an answer, and whole seconds: so far apart two clocks that are right may look
CLOCKS_AGREE = timedelta(seconds=5)
# from here on people are told: the times that they read are wrong
CLOCK_IS_WRONG = timedelta(seconds=60)


def real_lead(seconds: int | None) -> timedelta:
    """How far our clock is ahead of WhatsApp's, by the difference last seen; nothing if both may well agree."""
    lead = timedelta(seconds=seconds or 0)
    return lead if abs(lead) >= CLOCKS_AGREE else timedelta(0)


def is_wrong(seconds: int | None) -> bool:
    """Whether a difference is worth telling people."""
    return abs(real_lead(seconds)) >= CLOCK_IS_WRONG
