#!/usr/bin/env bash
# Unassigns a user from a project: unassign-user-from-project.sh PROJECT USER, the user by id or by login.
# Exit codes: 0 done; 1 refused, or not known to be done: the answer says why; 2 wrong usage.
set -euo pipefail

url=${DIVEST_URL:-http://localhost:4000/graphql}
id=${DIVEST_MANAGEMENT_ID:-mgmt_demo}
token=${DIVEST_MANAGEMENT_TOKEN:-demo-management-token-everyone-knows}

# What needs no escaping in JSON; the gateway checks the rest.
if [[ $# -ne 2 || "$1$2" =~ [\"\\[:cntrl:]] ]]; then
  echo "Usage: $0 PROJECT USER" >&2
  exit 2
fi
# A login can't look like an id, but may begin like one.
[[ $2 =~ ^user_[A-Za-z0-9-]+$ ]] && by=id || by=login

query='mutation ($input: UnassignUserFromProjectInput!) {
  unassignUserFromProject(input: $input) { __typename ... on AccessError { code message traceId } }
}'
variables="{\"input\":{\"projectId\":\"$1\",\"user\":{\"$by\":\"$2\"}}}"

# The credential comes from a file descriptor: arguments are shown to every user of the machine.
answer=$(
  curl --silent --show-error --max-time 30 "$url" \
    --header 'Content-Type: application/json' \
    --header @<(printf 'X-Management-Id: %s\nX-Management-Token: %s\n' "$id" "$token") \
    --data-binary "{\"query\":\"${query//$'\n'/ }\",\"variables\":$variables}"
) || {
  echo 'Not known to be removed: no answer. It is safe to ask again.' >&2
  exit 1
}
echo "$answer"

# Any other type of the result, a new one too, is no success; neither is an answer that is no JSON at all.
[[ $answer == '{"data":{"unassignUserFromProject":{"__typename":"UnassignUserFromProjectSuccess"'* ]] || exit 1
