//! How often somebody may call.
//!
//! Owns the two limits, who a caller is to them, and the `RateLimit` headers. Leaves asking to the guards, which
//! know who is calling, and setting the headers to `boundary`. Slack and the nodes are not limited: back-pressure
//! is for the queue.
//! **Invariant:** what a limiter remembers is bounded, however many callers there are.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use shared::config::Cidr;
use shared::ids::UserId;

use super::problem::{ApiError, ErrorCode};
use crate::config::{HttpConfig, LimitsConfig};
use crate::domain::forwarded::{client_of, subscriber};

/// Callers that are told apart; beyond them strangers share.
const MOST_CALLERS: usize = 65_536;
/// Among so many places.
const SHARED_PLACES: u64 = 1_024;
/// After so many calls those who have their whole quota again are forgotten.
const CALLS_BETWEEN_SWEEPS: u32 = 4_096;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The limits. Live in the app's data.
pub struct Limits {
    visitors: Limiter<IpAddr>,
    callers: Limiter<UserId>,
    trusted: Vec<Cidr>,
}

/// Where a caller stands, as it is told.
///
/// # Source
/// draft-ietf-httpapi-ratelimit-headers-06: `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset`. Later
/// drafts put them into one field, which few clients read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    limit: u32,
    remaining: u32,
    /// Seconds until the whole quota is there again.
    reset: u64,
    /// When it is worth trying again; none if the call was let through.
    retry_after: Option<Duration>,
}

/// A limit for each of many callers.
struct Limiter<K: Clone + Eq + Hash, C: Clock = DefaultClock> {
    rates: RateLimiter<Key<K>, HashMapStateStore<Key<K>>, C, StateInformationMiddleware>,
    clock: C,
    quota: Quota,
    most: usize,
    calls: AtomicU32,
    places: RandomState,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key<K> {
    One(K),
    Shared(u64),
}

impl Limits {
    /// The limits that are configured.
    pub fn new(limits: &LimitsConfig, http: &HttpConfig) -> Self {
        let per_minute = NonZeroU32::new(limits.auth_per_minute).unwrap_or(NonZeroU32::MIN);
        let per_second = NonZeroU32::new(limits.api_per_second).unwrap_or(NonZeroU32::MIN);
        Self {
            visitors: Limiter::new(
                Quota::per_minute(per_minute),
                MOST_CALLERS,
                DefaultClock::default(),
            ),
            callers: Limiter::new(
                Quota::per_second(per_second),
                MOST_CALLERS,
                DefaultClock::default(),
            ),
            trusted: http.trusted_proxies.clone(),
        }
    }

    /// Counts a call by nobody in particular, by their address.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`] (transient).
    pub(super) fn visit(&self, request: &HttpRequest) -> Result<(), ApiError> {
        let client = subscriber(self.client(request));
        noted(request, self.visitors.ask(client))
    }

    /// Counts a call by somebody.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`] (transient).
    pub(super) fn call(&self, request: &HttpRequest, user: UserId) -> Result<(), ApiError> {
        noted(request, self.callers.ask(user))
    }

    fn client(&self, request: &HttpRequest) -> IpAddr {
        let peer = request
            .peer_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let forwarded = request
            .headers()
            .get_all(FORWARDED_FOR)
            // A line that is no text ends the way as an address that is none does.
            .map(|line| line.to_str().unwrap_or_default());
        let is_trusted = |address| self.trusted.iter().any(|one| one.contains(address));
        client_of(peer, forwarded, is_trusted)
    }
}

fn noted(request: &HttpRequest, standing: Standing) -> Result<(), ApiError> {
    request.extensions_mut().insert(standing);
    match standing.retry_after {
        None => Ok(()),
        Some(after) => Err(ApiError::new(ErrorCode::TooManyRequests)
            .with_detail("too many requests from here: wait as long as `Retry-After` says")
            .with_retry_after(after)),
    }
}

impl Standing {
    /// Puts it into the headers of an answer.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        for (name, number) in [
            ("ratelimit-limit", u64::from(self.limit)),
            ("ratelimit-remaining", u64::from(self.remaining)),
            ("ratelimit-reset", self.reset),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
        }
    }
}

impl<K: Clone + Eq + Hash, C: Clock + Clone> Limiter<K, C> {
    fn new(quota: Quota, most: usize, clock: C) -> Self {
        Self {
            rates: RateLimiter::hashmap_with_clock(quota, clock.clone()).with_middleware(),
            clock,
            quota,
            most,
            calls: AtomicU32::new(0),
            places: RandomState::new(),
        }
    }

    fn ask(&self, caller: K) -> Standing {
        let limit = self.quota.burst_size().get();
        match self.rates.check_key(&self.key(caller)) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Standing {
                    limit,
                    remaining,
                    reset: self.refill(limit.saturating_sub(remaining)),
                    retry_after: None,
                }
            }
            Err(refused) => Standing {
                limit,
                remaining: 0,
                reset: self.refill(limit),
                retry_after: Some(refused.wait_time_from(self.clock.now())),
            },
        }
    }

    /// Seconds, rounded up, until so many calls are possible again.
    fn refill(&self, calls: u32) -> u64 {
        let time = self.quota.replenish_interval().saturating_mul(calls);
        time.as_secs() + u64::from(time.subsec_nanos() > 0)
    }

    /// Who the caller is here. When there are too many to tell apart, they share places that nobody can
    /// choose: a crowd slows itself down, and fills no memory.
    fn key(&self, caller: K) -> Key<K> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        if calls % CALLS_BETWEEN_SWEEPS == CALLS_BETWEEN_SWEEPS - 1 {
            self.rates.retain_recent();
        }
        if self.rates.len() < self.most {
            Key::One(caller)
        } else {
            Key::Shared(self.places.hash_one(&caller) % SHARED_PLACES)
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limiter(
        per_minute: u32,
        most: usize,
    ) -> (Limiter<u32, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap());
        (Limiter::new(quota, most, clock.clone()), clock)
    }

    fn let_through(limiter: &Limiter<u32, FakeRelativeClock>, caller: u32, times: u32) -> usize {
        let asked = (0..times).map(|_| limiter.ask(caller));
        asked
            .filter(|standing| standing.retry_after.is_none())
            .count()
    }

    #[test]
    fn a_caller_has_so_many_calls_and_another_has_their_own() {
        let (limiter, _) = limiter(20, 100);
        assert_eq!(let_through(&limiter, 1, 25), 20);
        assert_eq!(let_through(&limiter, 2, 25), 20);
    }

    #[test]
    fn who_waits_as_long_as_told_is_let_through() {
        let (limiter, clock) = limiter(20, 100);
        let_through(&limiter, 1, 20);
        let wait = limiter.ask(1).retry_after.unwrap();
        assert!(wait <= Duration::from_secs(3), "{wait:?}");
        clock.advance(wait);
        assert_eq!(let_through(&limiter, 1, 2), 1);
    }

    #[test]
    fn what_remains_is_told_and_when_all_of_it_is_back() {
        let (limiter, clock) = limiter(20, 100);
        let first = limiter.ask(1);
        assert_eq!((first.limit, first.remaining, first.reset), (20, 19, 3));
        let_through(&limiter, 1, 19);
        let refused = limiter.ask(1);
        assert_eq!(
            (refused.limit, refused.remaining, refused.reset),
            (20, 0, 60)
        );
        clock.advance(Duration::from_mins(1));
        assert_eq!(limiter.ask(1).remaining, 19);
    }

    #[test]
    fn a_crowd_fills_no_memory_and_still_has_a_limit() {
        let (limiter, _) = limiter(20, 10);
        for caller in 0..5_000 {
            limiter.ask(caller);
        }
        assert!(limiter.rates.len() <= 10 + usize::try_from(SHARED_PLACES).unwrap());
        assert!(let_through(&limiter, 9_999, 25) <= 20);
    }

    #[test]
    fn callers_who_have_their_whole_quota_again_are_forgotten() {
        let (limiter, clock) = limiter(20, 1_000_000);
        for caller in 0..CALLS_BETWEEN_SWEEPS - 1 {
            limiter.ask(caller);
        }
        clock.advance(Duration::from_mins(2));
        limiter.ask(0);
        assert_eq!(limiter.rates.len(), 1);
    }

    fn of(settings: &[(&str, &str)]) -> Limits {
        let env = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config: crate::config::CoordinatorConfig = shared::config::load(None, env).unwrap();
        Limits::new(&config.limits, &config.http)
    }

    fn from(peer: &str, forwarded: &[&str]) -> HttpRequest {
        let mut request = TestRequest::get().peer_addr(format!("{peer}:9").parse().unwrap());
        for line in forwarded {
            request = request.append_header((FORWARDED_FOR, *line));
        }
        request.to_http_request()
    }

    #[test]
    fn a_forged_header_makes_nobody_somebody_else() {
        let limits = of(&[("WEIR_LIMITS__AUTH_PER_MINUTE", "2")]);
        let visit = |claim: &str| limits.visit(&from("203.0.113.9", &[claim])).is_ok();
        assert_eq!(
            [visit("1.1.1.1"), visit("2.2.2.2"), visit("3.3.3.3")],
            [true, true, false]
        );
    }

    #[test]
    fn behind_a_trusted_proxy_each_client_has_their_own() {
        let limits = of(&[
            ("WEIR_LIMITS__AUTH_PER_MINUTE", "1"),
            ("WEIR_HTTP__TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1"),
        ]);
        let visit = |lines: &[&str]| limits.visit(&from("10.0.0.1", lines)).is_ok();
        assert!(visit(&["198.51.100.1"]));
        assert!(visit(&["198.51.100.2"]));
        assert!(!visit(&["198.51.100.1"]));
        assert!(!visit(&["1.2.3.4, 198.51.100.1"]));
        assert!(!visit(&["1.2.3.4", "198.51.100.1"]));
    }

    #[test]
    fn neighbours_in_an_ipv6_network_are_one() {
        let limits = of(&[("WEIR_LIMITS__AUTH_PER_MINUTE", "1")]);
        let visit = |peer: &str| limits.visit(&from(peer, &[])).is_ok();
        assert!(visit("[2001:db8::1]"));
        assert!(!visit("[2001:db8::2]"));
        assert!(visit("[2001:db8:0:1::1]"));
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let limits = of(&[("WEIR_LIMITS__API_PER_SECOND", "1")]);
        let (request, user) = (from("203.0.113.9", &[]), UserId::fresh());
        assert!(limits.call(&request, user).is_ok());
        let refused = limits.call(&request, user).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::TooManyRequests);
        let response = actix_web::ResponseError::error_response(&refused);
        assert_eq!(response.headers().get("retry-after").unwrap(), "1");
        assert_eq!(request.extensions().get::<Standing>().unwrap().remaining, 0);
    }
}
