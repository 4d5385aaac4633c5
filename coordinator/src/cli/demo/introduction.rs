//! What is said when the demonstration begins.
//!
//! Owns the words: where to look, what to try, how it ends. **Invariant:** it fits a terminal of 80 columns, but for
//! addresses.

use std::fmt;

use super::Admin;
use crate::fake_slack::seed;

/// What is said.
pub(super) struct Introduction {
    /// Where the page of the stand-in is, without a slash at its end.
    pub(super) slack: String,
    /// Where Weir is, likewise.
    pub(super) weir: String,
    /// A password that is good nowhere, to be leaked.
    pub(super) secret: String,
    pub(super) admin: Admin,
}

impl fmt::Display for Introduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            slack,
            weir,
            secret,
            admin: Admin { email, password },
        } = self;
        let (company, security) = (seed::TEAM_NAME, seed::SECURITY);
        write!(
            f,
            r#"
Weir watches over the Slack of {company}, a company made up on this machine.

  Slack     {slack}/
  Weir      {weir}/api/docs/
  Admin     {email}
  Password  {password}

Leak something
  Open Slack, choose Bo under "You are", and write in #general:

      my card is 4111 1111 1111 1111, exp 12/29

  A moment later the message is gone. A notice stands in its place, and Weir
  tells Bo in a direct message what it found. This secret fares no better:

      postgres://shop:{secret}@db.internal/shop

  Files are read, too, and so is what is written into a message later.

Decide about it
  Become Ada, the admin, and look into #security:

      {slack}/#{security}

  On the card there "Release" gives the message back, "Keep blocked" and
  "False positive" do what they say. Ada alone may press them, since Weir
  knows her address; try it as Bo.

Look behind it
  Weir's page lists all that its API can do. POST /api/v1/auth/login signs in
  as the admin; put the access_token that it answers into "Authorize".

Ctrl+C ends it, and all of it is gone. WEIR_TELEMETRY__LOG=info shows the log.
"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_where_to_look_and_what_to_try() {
        let introduction = Introduction {
            slack: "http://127.0.0.1:8090".to_owned(),
            weir: "http://127.0.0.1:8080".to_owned(),
            secret: "sssssssssssssssssssssssssss".to_owned(),
            admin: Admin {
                email: "ada@example.com".to_owned(),
                password: "pppppppppppppppppppppppppp".to_owned(),
            },
        };
        let text = introduction.to_string();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        for told in [
            "http://127.0.0.1:8090/\n",
            "http://127.0.0.1:8080/api/docs/\n",
            "ada@example.com\n",
            "pppppppppppppppppppppppppp\n",
            "#C0SECURITY\n",
        ] {
            assert!(text.contains(told), "{told}");
        }
    }
}
