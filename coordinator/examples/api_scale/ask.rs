//! Asking: each kind of request for some seconds, one request after the other, and a line of what it took.
//!
//! Leaves what is asked for to `requests`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde_json::Value;
use url::Url;

use crate::client::Client;
use crate::requests::{ALERTS, AUDIT, Asked, EVENTS, Known, MESSAGES, table};
use crate::say;

/// A 99th percentile above this is marked.
const AIM: Duration = Duration::from_millis(50);
/// Pages over which the ids of single rows are gathered.
const PAGES: usize = 5;

/// What to ask, and how long.
#[derive(clap::Args)]
pub(crate) struct AskArgs {
    /// Where the server listens
    url: Url,
    #[arg(long)]
    token: String,
    /// How long to ask for each kind of request
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// The end of the year that rows are spread over
    #[arg(long)]
    until: DateTime<Utc>,
    /// Only kinds with this in their name
    #[arg(long, default_value = "")]
    only: String,
}

/// What the requests of a kind took.
#[derive(Default)]
struct Times {
    good: Vec<Duration>,
    /// How many were answered with another status.
    bad: usize,
}

pub(crate) async fn run(args: &AskArgs) -> anyhow::Result<()> {
    let client = Client::new(&args.url, &args.token)?;
    let mut kinds = table();
    kinds.retain(|asked| asked.name.contains(&args.only));
    let known = look_around(&client, args.until, &kinds).await?;
    let seconds = Duration::try_from_secs_f64(args.seconds)?;
    say(format_args!(
        "{:<44} {:>6} {:>8} {:>8} {:>8}",
        "request, ms", "n", "p50", "p99", "max"
    ))?;
    let (mut slow, mut bad) = (0, 0);
    for asked in &kinds {
        let mut times = measure(&client, asked, &known, seconds).await?;
        slow += usize::from(times.percentile(99) > AIM);
        bad += times.bad;
        times.say(&asked.name)?;
    }
    say(format_args!(
        "{slow} of {} kinds of request have a p99 over {} ms",
        kinds.len(),
        AIM.as_millis()
    ))?;
    if bad > 0 {
        bail!("{bad} requests were not answered with 200");
    }
    Ok(())
}

/// Ids of rows, for those who ask for one.
async fn look_around(
    client: &Client,
    until: DateTime<Utc>,
    kinds: &[Asked],
) -> anyhow::Result<Known> {
    let mut ids = HashMap::new();
    for list in [ALERTS, AUDIT, EVENTS, MESSAGES] {
        if !kinds.iter().any(|asked| asked.is_one_of(list)) {
            continue;
        }
        let mut found = Vec::new();
        let first = format!("{list}?limit=100");
        let mut path = Some(first.clone());
        for _ in 0..PAGES {
            let Some(asked) = path else { break };
            let answer = client.get(&asked).await?;
            let page = answer.json()?;
            let items = page.get("items").and_then(Value::as_array);
            let items = items.with_context(|| format!("{list}: status {}", answer.status))?;
            let id = |item: &Value| Some(item.get("id")?.as_str()?.to_owned());
            found.extend(items.iter().filter_map(id));
            path = behind(&first, &page);
        }
        ids.insert(list, found);
    }
    Ok(Known { until, ids })
}

async fn measure(
    client: &Client,
    asked: &Asked,
    known: &Known,
    seconds: Duration,
) -> anyhow::Result<Times> {
    let mut rng = Rng::with_seed(5);
    let mut times = Times::default();
    // What the first one of a kind pays for is not what is measured.
    client.get(&asked.path(&mut rng, known)).await?;
    let begun = Instant::now();
    while begun.elapsed() < seconds {
        let first = asked.path(&mut rng, known);
        let mut path = Some(first.clone());
        for _ in 0..asked.pages {
            let Some(asked_for) = path else { break };
            let answer = client.get(&asked_for).await?;
            if !answer.is_good() {
                times.bad += 1;
                break;
            }
            times.good.push(answer.took);
            path = match asked.pages {
                1 => None,
                _ => behind(&first, &answer.json()?),
            };
        }
    }
    Ok(times)
}

/// Where a list goes on behind this page of it.
fn behind(first: &str, page: &Value) -> Option<String> {
    let cursor = page.get("next_cursor")?.as_str()?;
    let sign = if first.contains('?') { '&' } else { '?' };
    Some(format!("{first}{sign}cursor={cursor}"))
}

impl Times {
    fn percentile(&mut self, percent: usize) -> Duration {
        self.good.sort_unstable();
        let last = self.good.len().saturating_sub(1);
        let at = (self.good.len() * percent / 100).min(last);
        self.good.get(at).copied().unwrap_or_default()
    }

    fn say(&mut self, name: &str) -> anyhow::Result<()> {
        let [p50, p99, max] = [50, 99, 100].map(|percent| self.percentile(percent));
        let mark = if p99 > AIM { "  over" } else { "" };
        let bad = match self.bad {
            0 => String::new(),
            bad => format!("  {bad} BAD"),
        };
        say(format_args!(
            "{name:<44} {:>6} {:>8.1} {:>8.1} {:>8.1}{mark}{bad}",
            self.good.len(),
            millis(p50),
            millis(p99),
            millis(max),
        ))
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
