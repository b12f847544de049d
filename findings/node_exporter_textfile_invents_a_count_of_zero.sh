#!/bin/bash
# node_exporter 1.5.0 fed by python3-prometheus-client 0.16: a histogram without a sum gets a sum and a count of 0
# Set-up: the Python client writes a .prom file with write_to_textfile: a histogram whose sum is left out (sum_value=None, as
#   the format has it where values can be negative), 5 observations, and a gauge histogram with 5 entries and the sum 12.
#   promtool 2.42.0 checks the file, the textfile collector of node_exporter exports it.
# A good guess: the exporter passes on what it was given: the buckets, and no sum. The count, if it adds one, is 5.
# Seen: promtool has no objection. The exporter adds took_sum 0 and took_count 0 beside a bucket +Inf of 5; for the gauge
#   histogram it adds depth_sum 0 and depth_count 0 beside depth_gsum 12 and depth_gcount 5, which come from the file.
#   node_textfile_scrape_error is 0.
# Why it matters: rate(took_count) is 0 for ever, an average is 0 / 0, and a check "count equals bucket +Inf" fails on the way
#   through a tool that only passes files on, never in the program that measured.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools curl python3
packages prometheus=2.42.0+ds-5+deb12u1 prometheus-node-exporter=1.5.0-1+b6 python3-prometheus-client=0.16.0-0.1

cat >write.py <<'PYTHON'
from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import GaugeHistogramMetricFamily, HistogramMetricFamily

BUCKETS = [("1.0", 2), ("+Inf", 5)]


class Measured:
    def collect(self):
        yield HistogramMetricFamily("took", "Change of delay in seconds.", buckets=BUCKETS, sum_value=None)
        yield GaugeHistogramMetricFamily("depth", "Depth of each queue.", buckets=BUCKETS, gsum_value=12)


registry = CollectorRegistry()
registry.register(Measured())
write_to_textfile("files/measured.prom", registry)
PYTHON
mkdir files
PYTHONPATH=$root/usr/lib/python3/dist-packages python3 -B write.py || cannot "cannot write the metrics"
bin=$root/usr/bin
port=$(free_port)
"$bin/prometheus-node-exporter" --collector.disable-defaults --collector.textfile --collector.textfile.directory=files \
    --web.listen-address="127.0.0.1:$port" >exporter.log 2>&1 &
started+=($!)
{
    "$bin/promtool" check metrics <files/measured.prom && echo "promtool: no objection"
    sed 's/^/written: /' files/measured.prom
    curl -s --retry 30 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/metrics" |
        grep -E '^(took|depth|node_textfile_scrape_error)' | sed 's/^/exported: /'
} | seen

want '^promtool: no objection$'
never '^written: (took|depth)_(sum|count)'
want '^written: took_bucket\{le="\+Inf"\} 5.0$'
want '^exported: took_bucket\{le="\+Inf"\} 5$'
want '^exported: took_sum 0$'
want '^exported: took_count 0$'
want '^exported: depth_gcount 5$'
want '^exported: depth_sum 0$'
want '^exported: depth_count 0$'
want '^exported: node_textfile_scrape_error 0$'
verdict
