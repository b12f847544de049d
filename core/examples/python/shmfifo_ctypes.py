#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A writer and a reader in Python, through the shared library's C interface (core/c/include/shmfifo.h).

usage: shmfifo_ctypes.py write NAME COUNT   creates a lossless ring and publishes COUNT texts
       shmfifo_ctypes.py read NAME COUNT    attaches and prints COUNT texts
Both wait without a deadline; Ctrl-C ends them at once.
The library is libshmfifo.so.1, or what SHMFIFO_LIBRARY names.
"""
import contextlib
import ctypes
import errno
import os
import signal
import sys
import threading
import time
from ctypes import (POINTER, Structure, byref, c_char, c_char_p, c_int, c_int8, c_int32, c_int64,
                    c_size_t, c_uint32, c_uint64, c_void_p)

OK, FULL, EMPTY, ABORTED, LOST, INVALID, PEER_DEAD, TIMED_OUT = range(8)
INTERRUPTED = 14
LOG, RING = 1, 2
REJECT, WAIT, OVERWRITE = 1, 2, 3
OLDEST, LATEST, NUMBER = 0, 1, 2
FOREVER = -1


class Error(Structure):
    _fields_ = [("code", c_int32), ("rule", c_char * 60), ("text", c_char * 448)]


class Options(Structure):
    _fields_ = [("struct_size", c_uint32), ("mode", c_uint32), ("when_full", c_uint32),
                ("producers", c_uint32), ("slot_count", c_uint64), ("content_size", c_uint64),
                ("participant_count", c_uint32), ("permissions", c_uint32),
                ("attach_if_exists", c_uint32), ("pretouch", c_uint32), ("huge_pages", c_uint32),
                ("reserved", c_uint32)]


class Stat(Structure):
    _fields_ = [("uid", c_uint64), ("created_ns", c_uint64), ("slot_count", c_uint64),
                ("content_size", c_uint64), ("segment_size", c_uint64),
                ("producer_cursor", c_int64), ("oldest", c_int64), ("mode", c_uint32),
                ("when_full", c_uint32), ("producers", c_uint32), ("participant_count", c_uint32)]


class Record(Structure):
    _fields_ = [("value_length", c_int64), ("message_number", c_int64), ("content", c_void_p),
                ("status", c_int8)]


class PollResult(Structure):
    _fields_ = [("first", c_int64), ("count", c_int64), ("answer", c_int32), ("reserved", c_int32)]


try:
    library = ctypes.CDLL(os.environ.get("SHMFIFO_LIBRARY", "libshmfifo.so.1"))
except OSError as error:
    raise SystemExit(f"{error}; install the library, or name its file in SHMFIFO_LIBRARY") from error
for name, answer, *arguments in (
        ("create", c_void_p, c_char_p, POINTER(Options), POINTER(Error)),
        ("attach", c_void_p, c_char_p, c_int, POINTER(Error)),
        ("close", None, c_void_p),
        ("remove", c_int, c_char_p, POINTER(Error)),
        ("attach_producer", c_void_p, c_void_p, POINTER(Error)),
        ("attach_consumer", c_void_p, c_void_p, c_char_p, c_int, c_int64, POINTER(Error)),
        ("attach_observer", c_void_p, c_void_p, c_int, c_int64, POINTER(Error)),
        ("close_producer", None, c_void_p),
        ("close_consumer", None, c_void_p),
        ("publish", c_int, c_void_p, c_char_p, c_int64, c_int64),
        ("claim", c_int, c_void_p, POINTER(c_void_p), c_int64),
        ("abort", c_int, c_void_p),
        ("read", PollResult, c_void_p, POINTER(Record), c_char_p, c_size_t),
        ("wait", c_int, c_void_p, c_int64),
        ("stat", c_int, c_void_p, POINTER(Stat), c_void_p, c_size_t, c_void_p, POINTER(Error)),
        ("wake_producer", None, c_void_p),
        ("wake_consumer", None, c_void_p),
        ("status_text", c_char_p, c_int)):
    function = getattr(library, "shmfifo_" + name)
    function.restype, function.argtypes = answer, arguments


def call(what, *arguments):
    """A call of set-up: its handle, or an OSError with the library's sentence."""
    error = Error()
    handle = getattr(library, "shmfifo_" + what)(*arguments, byref(error))
    if error.code:
        raise OSError(error.code, error.text.decode())
    return handle


def check(status):
    if status != OK:
        raise RuntimeError(library.shmfifo_status_text(status).decode())


def patiently(function, *arguments):
    """A call that may wait. Whatever handlers of signals have to do, and to raise, they do between
    two waits: Python runs them only when a call into C has returned."""
    while (status := function(*arguments)) == INTERRUPTED:
        pass
    check(status)


@contextlib.contextmanager
def woken_by_signals(wake, handle):
    """Meanwhile every signal ends the handle's wait: the interpreter writes a byte to the wake-up
    descriptor at once, and a thread that reads it may wake."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing)

    def wake_for_each():
        while os.read(reading, 1):
            wake(handle)
    waker = threading.Thread(target=wake_for_each, daemon=True)
    waker.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)
        waker.join()
        os.close(reading)


def create(name, **options):
    return call("create", name.encode(), Options(struct_size=ctypes.sizeof(Options), **options))


def publish(producer, content, timeout=FOREVER):
    patiently(library.shmfifo_publish, producer, content, len(content), timeout)


def content_size(segment):
    """The longest message, in bytes: a shorter buffer would cut messages."""
    stat = Stat()
    call("stat", segment, stat, None, 0, None)
    return stat.content_size


def read(consumer, size):
    """(number, content) of the next message, waiting for it; `size` as content_size tells."""
    patiently(library.shmfifo_wait, consumer, FOREVER)
    record, buffer = Record(), ctypes.create_string_buffer(size)
    result = library.shmfifo_read(consumer, record, buffer, size)
    check(result.answer)
    return record.message_number, buffer.raw[:record.value_length]


def write_texts(name, count):
    segment = create(name, mode=RING, when_full=WAIT, slot_count=16, attach_if_exists=1)
    producer = call("attach_producer", segment)
    with woken_by_signals(library.shmfifo_wake_producer, producer):
        for number in range(count):
            publish(producer, f"message {number} from Python".encode())
    library.shmfifo_close_producer(producer)
    library.shmfifo_close(segment)


def attach_when_there(name):
    while True:
        try:
            return call("attach", name.encode(), 0)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            time.sleep(0.01)


def read_texts(name, count):
    segment = attach_when_there(name)
    consumer = call("attach_consumer", segment, None, OLDEST, 0)
    size = content_size(segment)
    with woken_by_signals(library.shmfifo_wake_consumer, consumer):
        for _ in range(count):
            number, content = read(consumer, size)
            print(number, content.decode(), flush=True)
    library.shmfifo_close_consumer(consumer)
    library.shmfifo_close(segment)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("write", "read") or not sys.argv[3].isdecimal():
        sys.exit(__doc__)
    try:
        {"write": write_texts, "read": read_texts}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
    except (OSError, RuntimeError) as error:
        sys.exit(f"shmfifo_ctypes.py: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
