#!/bin/sh
# Prints what Customer.io's reporting webhooks would post about a cart-recovery campaign just now, one
# JSON object a line: for Ann, Ben and Cem of the README's walk.
now=$(date +%s)

# number, metric, seconds from now, person, delivery, rest of `data`
event() {
    printf '{"event_id":"01JWALK%04d","object_type":"push","metric":"%s","timestamp":%d,' \
        "$1" "$2" $((now + $3))
    printf '"data":{"campaign_id":31,"action_id":77,"delivery_id":"%s","identifiers":{"id":"%s"},%s}}\n' \
        "$5" "$4" "$6"
}

ann='"recipients":[{"device_id":"token-ann","device_platform":"ios"}]'
ben='"recipients":[{"device_id":"token-ben","device_platform":"android","failure_message":"UNREGISTERED"}]'
# Events of the future count as of now: whatever they report has happened after the devices became known.
event 1 sent 31 ann dlv-ann-1 "$ann"
event 2 delivered 33 ann dlv-ann-1 "$ann"
event 3 opened 34 ann dlv-ann-1 "$ann"
event 4 converted 39 ann dlv-ann-1 "$ann"
event 5 bounced 32 ben dlv-ben-1 "$ben"
event 6 undeliverable 31 cem dlv-cem-1 '"failure_message":"no device"'
