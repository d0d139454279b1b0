"""What is sent of a file that somebody attached: a picture, a sticker, a film, a sound or a voice message."""

from pathlib import Path

from daemon.domain.message_kinds import MessageKind
from daemon.media_process import film, picture, sound, sticker, streams
from daemon.media_process.preparation_job import PreparationJob, PreparedFile


def prepare(job: PreparationJob) -> PreparedFile:
    """Write it; raises NotConvertible if it can be sent as a document only, MemoryError, TooSlow."""
    path, out = Path(job.file), Path(job.out)
    if job.kind == MessageKind.STICKER:
        return sticker.prepare(path, out)
    if job.is_still or (job.kind == MessageKind.IMAGE and not picture.moves(path)):
        return picture.prepare(path, out)
    found = streams.read(path, job.mime)
    if job.kind == MessageKind.VOICE:
        return sound.prepare_voice(path, job.mime, found, out)
    if found.film is not None:
        return film.prepare(path, job.mime, found, out)
    return sound.prepare_audio(path, job.mime, found, out)
