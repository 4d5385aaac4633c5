//! The guards: what a handler's first argument says about who may call it.
//!
//! Owns [`Authorized`], [`Public`], [`Visitor`] and one marker type per permission. Leaves the credentials to
//! `authenticator` and how often somebody may call to `limits`.
//! **Invariant:** having an `Authorized<P>` in hand proves that the caller holds `P` and is within their limit.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use shared::job::RetryClass;

use super::authenticator::{Authenticator, Principal};
use crate::api::limits::Limits;
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::route_table::{Access, Guard};
use crate::domain::roles::Permission;

/// A marker in the type of a guard.
pub trait RequiredRight: 'static {
    /// The permission that is needed; none if being signed in is enough.
    const PERMISSION: Option<Permission>;
}

/// The caller is signed in and holds what `P` asks for.
#[derive(Debug)]
pub struct Authorized<P> {
    /// Who is calling.
    pub principal: Principal,
    right: PhantomData<P>,
}

/// Anybody may call this, and that is meant so.
#[derive(Clone, Copy, Debug)]
pub struct Public;

/// Anybody may call this, but from one address only so often: for routes that people try passwords on.
#[derive(Clone, Copy, Debug)]
pub struct Visitor;

/// The markers: one for each permission, and [`SignedIn`](permit::SignedIn).
pub mod permit {
    use super::{Permission, RequiredRight};

    /// Being signed in is enough.
    #[derive(Clone, Copy, Debug)]
    pub struct SignedIn;

    impl RequiredRight for SignedIn {
        const PERMISSION: Option<Permission> = None;
    }

    macro_rules! markers {
        ($($name:ident)*) => {
            $(
                #[doc = concat!("Asks for [`Permission::", stringify!($name), "`].")]
                #[derive(Clone, Copy, Debug)]
                pub struct $name;

                impl RequiredRight for $name {
                    const PERMISSION: Option<Permission> = Some(Permission::$name);
                }
            )*

            /// The permissions that have a marker.
            #[cfg(test)]
            pub(super) const MARKED: &[Permission] = &[$(Permission::$name),*];
        };
    }

    markers! {
        ScansRead ScansWrite FindingsRead FindingsReveal MessagesRead DetectorsRead DetectorsWrite
        PoliciesRead PoliciesWrite AlertsRead AlertsWork AlertsWrite EventsRead EventsWrite NodesRead
        QueueRead StatsRead WebhooksRead WebhooksWrite PrivacyWrite UsersRead UsersWrite TokensWrite WorkspacesRead WorkspacesWrite AuditRead
        AuditWrite
    }
}

impl<P: RequiredRight> Guard for Authorized<P> {
    const ACCESS: Access = match P::PERMISSION {
        Some(permission) => Access::Needs(permission),
        None => Access::SignedIn,
    };
}

impl Guard for Public {
    const ACCESS: Access = Access::Public;
}

impl FromRequest for Public {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self))
    }
}

impl Guard for Visitor {
    const ACCESS: Access = Access::Public;
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(limits_of(request).and_then(|limits| limits.visit(request).map(|()| Self)))
    }
}

fn limits_of(request: &HttpRequest) -> Result<&Limits, ApiError> {
    request
        .app_data::<web::Data<Limits>>()
        .map(web::Data::get_ref)
        .ok_or_else(|| ApiError::failed(RetryClass::Permanent, NotSetUp))
}

impl<P: RequiredRight> FromRequest for Authorized<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let authenticator = request.app_data::<web::Data<Authenticator>>().cloned();
        // A header that is no text is not our token; it must not pass for an absent one either.
        let header = request
            .headers()
            .get(AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or_default().to_owned());
        let request = request.clone();
        Box::pin(async move {
            let Some(authenticator) = authenticator else {
                return Err(ApiError::failed(RetryClass::Permanent, NotSetUp));
            };
            let principal = authenticator.authenticate(header.as_deref()).await?;
            limits_of(&request)?.call(&request, principal.user)?;
            permitted(principal, P::PERMISSION).map(|principal| Self {
                principal,
                right: PhantomData,
            })
        })
    }
}

/// The app was put together without an [`Authenticator`] or [`Limits`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the app has no authenticator or no limits")]
struct NotSetUp;

fn permitted(principal: Principal, needed: Option<Permission>) -> Result<Principal, ApiError> {
    match needed {
        Some(permission) if !principal.permissions.allow(permission) => {
            Err(ApiError::new(ErrorCode::Forbidden)
                .with_detail(format!("this needs the permission `{permission}`")))
        }
        _ => Ok(principal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_marker() {
        assert_eq!(permit::MARKED, Permission::ALL);
    }
}
