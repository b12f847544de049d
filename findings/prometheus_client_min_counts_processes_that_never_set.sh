#!/bin/bash
# python3-prometheus-client 0.16, several processes: the minimum and maximum of a gauge count processes that never set it
# Set-up: PROMETHEUS_MULTIPROC_DIR is set, so that each process keeps its values in a mapped file. A parent defines two gauges
#   with multiprocess_mode "min" and "max" and never sets them; it forks three workers, of which two set "min" to 5 and 7 and
#   "max" to -5 and -7, and the third only counts a job. Then the files are read. The same with gauges that have a label.
# A good guess: the minimum is 5 and the maximum is -5: of those who have a value.
# Seen: 0 and 0: whoever makes the gauge, or inherits it and touches any metric at all, takes part with 0. With a label the
#   result is 5 and -5, for a labelled value comes into being only when somebody asks for it.
# Why it matters: "least free slots of any worker" is 0 for ever because of a parent that only forks, which looks like the
#   emergency it is to announce; "greatest of temperatures below zero" hides the values. A label, any label, changes that.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools python3
packages python3-prometheus-client=0.16.0-0.1

mkdir values
cat >workers.py <<'PYTHON'
import os

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

jobs = Counter("jobs", "Jobs.")
least = Gauge("least", "Least.", multiprocess_mode="min")
greatest = Gauge("greatest", "Greatest.", multiprocess_mode="max")
least_of = Gauge("least_of", "Least.", ["kind"], multiprocess_mode="min")
greatest_of = Gauge("greatest_of", "Greatest.", ["kind"], multiprocess_mode="max")


def work(value):
    jobs.inc()
    if value:
        least.set(value)
        greatest.set(-value)
        least_of.labels("any").set(value)
        greatest_of.labels("any").set(-value)


for value in (5, 7, None):
    child = os.fork()
    if child == 0:
        work(value)
        os._exit(0)
    os.waitpid(child, 0)
registry = CollectorRegistry()
MultiProcessCollector(registry)
print(generate_latest(registry).decode())
PYTHON
PROMETHEUS_MULTIPROC_DIR=values PYTHONPATH=$root/usr/lib/python3/dist-packages timeout 30 python3 -B workers.py |
    grep -v '^#' | seen

want '^jobs_total 3\.0$'
want '^least 0\.0$'
want '^greatest 0\.0$'
want '^least_of\{kind="any"\} 5\.0$'
want '^greatest_of\{kind="any"\} -5\.0$'
verdict
