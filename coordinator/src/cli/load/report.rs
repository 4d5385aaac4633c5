//! What a run showed, for people.
//!
//! Owns percentiles, the judgement whether the ledger balances, and the words. Leaves measuring to `mod.rs`.
//! **Invariant:** percentiles are observed values (nearest rank), never interpolated ones.

use std::fmt;
use std::time::Duration;

/// A set of durations, sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(super) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// The duration that `thousandths` of all do not exceed.
    pub(super) fn percentile(&self, thousandths: usize) -> Option<Duration> {
        let rank = (self.0.len() * thousandths).div_ceil(1_000);
        self.0.get(rank.saturating_sub(1)).copied()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for thousandths in [500, 950, 990, 1_000] {
            match self.percentile(thousandths) {
                Some(latency) => write!(f, "{:>10.1}", latency.as_secs_f64() * 1_000.0)?,
                None => write!(f, "{:>10}", "-")?,
            }
        }
        Ok(())
    }
}

/// What a run showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    /// Whether events went at fixed times, whatever the answers.
    pub(super) open_loop: bool,
    /// Answers by status; 0 stands for no answer.
    pub(super) answers: Vec<(u16, usize)>,
    /// To the 200: from the scheduled time, or from the sending if there was no schedule.
    pub(super) ack: Latencies,
    /// To the result, from the same moment, up to the stamp its transaction wrote.
    pub(super) result: Latencies,
    /// Time from the first request to the last answer.
    pub(super) sending: Duration,
    /// Time from the first request to the last result's stamp.
    pub(super) whole: Duration,
    /// Distinct events that got a 200.
    pub(super) acknowledged: usize,
    /// Events of this run in the database.
    pub(super) stored: usize,
    /// Jobs of this run with a result.
    pub(super) results: usize,
    /// Jobs of this run without one.
    pub(super) open: usize,
    /// Events that got a 200 and have no result.
    pub(super) missing: usize,
    /// Results beyond one per event.
    pub(super) doubled: usize,
}

impl Report {
    /// Whether every event that got a 200 has exactly one result.
    pub(super) const fn is_complete(&self) -> bool {
        self.open == 0 && self.missing == 0 && self.doubled == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent: usize = self.answers.iter().map(|(_, count)| count).sum();
        let rate = per_second(sent, self.sending);
        writeln!(f, "requests     {sent:>9}   {rate:>9.0}/s")?;
        for (status, count) in &self.answers {
            match status {
                0 => writeln!(f, "  no answer  {count:>9}")?,
                status => writeln!(f, "  {status}        {count:>9}")?,
            }
        }
        let rate = per_second(self.results, self.whole);
        writeln!(
            f,
            "acknowledged {:>9}   distinct events with a 200",
            self.acknowledged
        )?;
        writeln!(
            f,
            "stored       {:>9}   distinct events in the database",
            self.stored
        )?;
        writeln!(f, "results      {:>9}   {rate:>9.0}/s", self.results)?;
        writeln!(f, "open         {:>9}   stored, no result yet", self.open)?;
        writeln!(
            f,
            "missing      {:>9}   acknowledged, no result",
            self.missing
        )?;
        writeln!(
            f,
            "doubled      {:>9}   results beyond one per event",
            self.doubled
        )?;
        let from = if self.open_loop {
            "from the scheduled time"
        } else {
            "from the sending (closed loop: says nothing about a queue of senders)"
        };
        writeln!(
            f,
            "ms                  p50       p95       p99       max   {from}"
        )?;
        writeln!(f, "ack          {}", self.ack)?;
        write!(
            f,
            "result       {}   to the stamp in its transaction",
            self.result
        )
    }
}

pub(super) fn per_second(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(0.001)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let latencies = Latencies::of((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(latencies.percentile(500), Some(Duration::from_millis(50)));
        assert_eq!(latencies.percentile(990), Some(Duration::from_millis(99)));
        assert_eq!(
            latencies.percentile(1_000),
            Some(Duration::from_millis(100))
        );
        assert_eq!(Latencies::default().percentile(500), None);
    }

    #[test]
    fn an_acknowledged_event_without_result_does_not_balance() {
        let balanced = Report {
            acknowledged: 2,
            stored: 2,
            results: 2,
            ..Report::default()
        };
        assert!(balanced.is_complete());
        let wrong = [
            Report {
                missing: 1,
                ..balanced.clone()
            },
            Report {
                doubled: 1,
                ..balanced.clone()
            },
            Report {
                open: 1,
                ..balanced.clone()
            },
        ];
        assert!(wrong.iter().all(|report| !report.is_complete()));
    }
}
