"""What the fuzzer must leave alone, the account and the token it works with, and that it still has them.

Loaded by schemathesis. Whoever revoked their own token would be answered nothing but 401 from then on, which
the document allows.
"""

import os

import schemathesis

KEPT = set(os.environ["WEIR_FUZZ_KEEP"].split(","))
TOKEN = f"Bearer {os.environ['WEIR_FUZZ_TOKEN']}"
# Deeds that only somebody does who signed in with a password.
SESSION = f"Bearer {os.environ['WEIR_FUZZ_SESSION']}"
OF_SESSIONS = {"createToken", "changePassword"}


@schemathesis.auth(refresh_interval=None)
class Credentials:
    def get(self, case, ctx):
        return SESSION if case.operation.definition.raw["operationId"] in OF_SESSIONS else TOKEN

    def set(self, case, data, ctx):
        case.headers["Authorization"] = data


@schemathesis.hook
def filter_case(context, case):
    changes = case.method.upper() not in ("GET", "HEAD")
    named = {str(value).lower() for value in (case.path_parameters or {}).values()}
    return not (changes and named & KEPT)


@schemathesis.check
def the_token_is_good(ctx, response, case):
    sent = response.request.headers.get("Authorization")
    sent = sent.decode() if isinstance(sent, bytes) else sent
    if case.operation.definition.raw.get("security") and sent in (TOKEN, SESSION):
        wrong_password = response.json().get("code") == "invalid_credentials" if response.status_code == 401 else False
        assert response.status_code != 401 or wrong_password, "the fuzzer's token does not hold any more"
