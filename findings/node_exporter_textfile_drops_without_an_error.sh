#!/bin/bash
# node_exporter 1.5.0 textfile collector and Pushgateway 1.5.1: what becomes of two valid files that disagree about one metric
# Set-up: two .prom files, each of which promtool 2.42.0 accepts: the same metric name, other labels, another HELP text. Then
#   the same with another TYPE, then with one sample in both. The same two texts are pushed to a Pushgateway as two jobs.
# A good guess: node_textfile_scrape_error is 1 (it is there for that), or the scrape fails with status 500; the Pushgateway
#   judges in the same way.
# Seen: the scrape has status 200, node_textfile_scrape_error is 0, node_textfile_mtime_seconds names both files as "read
#   successfully", and the samples of the second file are missing; only the exporter's log mentions it. The Pushgateway
#   accepts the differing HELP, but refuses the differing TYPE with 400.
# Why it matters: an alert on the scrape error never fires; a metric that two writers export with texts of two releases is
#   half there during each roll-out, and which half depends on the names of the files.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools curl python3
packages prometheus=2.42.0+ds-5+deb12u1 prometheus-node-exporter=1.5.0-1+b6 prometheus-pushgateway=1.5.1-2+b5

bin=$root/usr/bin
exporter_port=$(free_port)
gateway_port=$(free_port)
mkdir files
"$bin/prometheus-node-exporter" --collector.disable-defaults --collector.textfile --collector.textfile.directory=files \
    --web.listen-address="127.0.0.1:$exporter_port" >exporter.log 2>&1 &
started+=($!)
"$bin/prometheus-pushgateway" --persistence.file= \
    --web.listen-address="127.0.0.1:$gateway_port" >gateway.log 2>&1 &
started+=($!)
for port in "$exporter_port" "$gateway_port"; do
    curl -s --retry 30 --retry-connrefused --retry-delay 1 -o /dev/null "http://127.0.0.1:$port/metrics" || cannot "no server"
done

# text TYPE HELP LABEL VALUE
text() { printf '# HELP jobs_waiting %s\n# TYPE jobs_waiting %s\njobs_waiting{queue="%s"} %s\n' "$2" "$1" "$3" "$4"; }

# scrape NAME: what the exporter makes of the files
scrape() {
    local status
    for file in files/*.prom; do "$bin/promtool" check metrics <"$file" || echo "$1: promtool refuses $file"; done
    status=$(curl -s -o scraped -w '%{http_code}' "http://127.0.0.1:$exporter_port/metrics")
    echo "$1: status $status, $(grep '^node_textfile_scrape_error' scraped)," \
        "$(grep -c '^node_textfile_mtime_seconds' scraped) files read, samples: $(grep '^jobs_waiting' scraped | tr '\n' ' ')"
}

text gauge "Jobs." a 5 >files/a.prom
text gauge "Jobs done." b 7 >files/b.prom
scrape "other help" | seen
text untyped "Jobs." b 7 >files/b.prom
scrape "other type" | seen
text gauge "Jobs." a 7 >files/b.prom
scrape "same sample" | seen
text gauge "Jobs." b 7 >files/b.prom
scrape "in harmony" | seen

# push JOB TYPE HELP: status of the push
push() {
    text "$2" "$3" "$1" 5 | curl -s -o refusal -w '%{http_code}' -X PUT --data-binary @- \
        "http://127.0.0.1:$gateway_port/metrics/job/$1"
}
{
    echo "gateway: first $(push a gauge Jobs.)"
    echo "gateway: other help $(push b gauge 'Jobs done.')"
    echo "gateway: other type $(push c untyped Jobs.)"
} | seen

never 'promtool refuses'
want '^other help: status 200, node_textfile_scrape_error 0, 2 files read, samples: jobs_waiting\{queue="a"\} 5 $'
want '^other type: status 200, node_textfile_scrape_error 0, 2 files read, samples: jobs_waiting\{queue="a"\} 5 $'
want '^same sample: status 200, node_textfile_scrape_error 0, 2 files read, samples: jobs_waiting\{queue="a"\} 5 $'
want '^in harmony: status 200, node_textfile_scrape_error 0, 2 files read, samples: jobs_waiting\{queue="a"\} 5 jobs_waiting\{queue="b"\} 7 $'
want '^gateway: first 200$'
want '^gateway: other help 200$'
want '^gateway: other type 400$'
verdict
