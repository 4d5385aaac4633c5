//! How a trace crosses a process boundary.
//!
//! Owns the way between a span and the two W3C headers that travel in an envelope or a job row.
//! **Invariant:** headers that are no trace context are as good as none.

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::job::TraceContext;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The headers by which others continue this span. Empty if spans go nowhere.
pub fn inject(span: &Span) -> TraceContext {
    let mut headers = Headers(TraceContext::default());
    TraceContextPropagator::new().inject_context(&span.context(), &mut headers);
    // The propagator writes an empty state; leave it out.
    headers.0.tracestate = headers.0.tracestate.filter(|state| !state.is_empty());
    headers.0
}

/// What the headers say.
pub fn extract(trace: &TraceContext) -> Context {
    // Not `extract`: that falls back to the context of the calling thread.
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(trace.clone()))
}

/// Makes `span` continue the trace. Call it before the span is entered or instruments anything: afterwards
/// it has an identity of its own. Says whether the span now has a remote parent.
pub fn set_parent(span: &Span, trace: &TraceContext) -> bool {
    if trace.traceparent.is_none() {
        return false;
    }
    let parent = extract(trace);
    let valid = parent.span().span_context().is_valid();
    valid && span.set_parent(parent).is_ok()
}

struct Headers(TraceContext);

impl Injector for Headers {
    fn set(&mut self, key: &str, value: String) {
        match key {
            TRACEPARENT => self.0.traceparent = Some(value),
            TRACESTATE => self.0.tracestate = Some(value),
            _ => {}
        }
    }
}

impl Extractor for Headers {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => self.0.traceparent.as_deref(),
            TRACESTATE => self.0.tracestate.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_layer_nothing_is_injected() {
        assert_eq!(
            inject(&tracing::info_span!("lonely")),
            TraceContext::default()
        );
    }

    #[test]
    fn a_well_formed_parent_is_extracted_and_garbage_is_not() {
        let of = |traceparent: &str| {
            let trace = TraceContext {
                traceparent: Some(traceparent.to_owned()),
                tracestate: None,
            };
            extract(&trace).span().span_context().trace_id().to_string()
        };
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(of(parent), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(of("00-zz-b7ad6b7169203331-01"), "0".repeat(32));
    }
}
