//! Which routes there are, and who may call them.
//!
//! Owns the table and mounting it. Leaves checking credentials to the guards in `auth`.
//! **Invariant:** the right a route needs is read off its handler's first argument: a handler without a
//! guard does not compile into the table, and the table cannot say another right than the handler checks.
//! The guard has let the request through before anything else looks at the path, the query or the body.

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{Error, FromRequest, Handler, HttpRequest, Responder, Route, web};
use futures_util::future::LocalBoxFuture;

use super::problem::{ApiError, ErrorCode};
use crate::domain::roles::Permission;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Slack: the request is signed.
    Slack,
    /// A scanner node: the request shows a node's credential.
    Node,
    /// Anybody who is signed in.
    SignedIn,
    /// Who holds this permission.
    Needs(Permission),
}

/// A handler's first argument: lets the request through or refuses it.
pub trait Guard: FromRequest + 'static {
    /// Whom it lets through.
    const ACCESS: Access;
}

/// A handler's arguments, the first of which is a [`Guard`].
pub trait GuardedArgs: Sized {
    /// Whom the guard lets through.
    const ACCESS: Access;

    /// Asks the guard, and only then reads the other arguments.
    ///
    /// # Errors
    /// What the guard, or after it an argument, says.
    fn in_order(
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> LocalBoxFuture<'static, Result<Self, Error>>;
}

/// Arguments that are taken one after the other. actix-web's own tuples poll all at once: there, a broken
/// body is reported to somebody whose token is still being looked up.
struct InOrder<Args>(Args);

impl<Args: GuardedArgs + 'static> FromRequest for InOrder<Args> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let taken = Args::in_order(request, payload);
        Box::pin(async move { taken.await.map(Self) })
    }
}

macro_rules! guarded_args {
    ($($name:ident $arg:ident)*) => {
        impl<G: Guard, $($name: FromRequest + 'static),*> GuardedArgs for (G, $($name,)*) {
            const ACCESS: Access = G::ACCESS;

            fn in_order(
                request: &HttpRequest,
                payload: &mut Payload,
            ) -> LocalBoxFuture<'static, Result<Self, Error>> {
                let (request, mut payload) = (request.clone(), payload.take());
                Box::pin(async move {
                    let guard = G::from_request(&request, &mut payload).await.map_err(Into::into)?;
                    let ($($arg,)*) = <($($name,)*)>::from_request(&request, &mut payload).await?;
                    Ok((guard, $($arg,)*))
                })
            }
        }
    };
}

guarded_args!();
guarded_args!(A a);
guarded_args!(A a B b);
guarded_args!(A a B b C c);
guarded_args!(A a B b C c D d);
guarded_args!(A a B b C c D d E e);
guarded_args!(A a B b C c D d E e F f);

/// One route.
pub struct RouteEntry {
    method: Method,
    path: &'static str,
    access: Access,
    route: Route,
}

/// All routes.
pub struct RouteTable(Vec<RouteEntry>);

impl RouteEntry {
    /// A route of any method.
    pub fn new<F, Args>(method: Method, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: GuardedArgs + 'static,
        F::Output: Responder + 'static,
    {
        let guarded = move |InOrder(args): InOrder<Args>| handler.call(args);
        Self {
            route: web::method(method.clone()).to(guarded),
            method,
            path,
            access: Args::ACCESS,
        }
    }

    /// Whom the route's guard lets through.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The route's method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The route's path, with `{name}` for its variables.
    pub fn path(&self) -> &'static str {
        self.path
    }
}

macro_rules! methods {
    ($($name:ident $method:ident,)+) => {
        impl RouteEntry {$(
            #[doc = concat!("A `", stringify!($method), "` route.")]
            pub fn $name<F, Args>(path: &'static str, handler: F) -> Self
            where
                F: Handler<Args>,
                Args: GuardedArgs + 'static,
                F::Output: Responder + 'static,
            {
                Self::new(Method::$method, path, handler)
            }
        )+}
    };
}

methods! {
    get GET,
    post POST,
    put PUT,
    patch PATCH,
    delete DELETE,
}

impl RouteTable {
    /// A table of these routes. Where a path could be taken for another's variable
    /// (`/detectors/test`, `/detectors/{id}`), it stands before it.
    pub fn new(routes: Vec<RouteEntry>) -> Self {
        Self(routes)
    }

    /// This table with the routes of another behind its own.
    #[must_use]
    pub fn and(mut self, others: Vec<RouteEntry>) -> Self {
        self.0.extend(others);
        self
    }

    /// The routes, to add them to another table.
    pub fn into_entries(self) -> Vec<RouteEntry> {
        self.0
    }

    /// The routes.
    pub fn iter(&self) -> impl Iterator<Item = &RouteEntry> {
        self.0.iter()
    }

    /// Mounts every route. A path that is there answers other methods with 405 and the methods it has.
    pub fn mount(self, config: &mut web::ServiceConfig) {
        let mut by_path: Vec<(&'static str, Vec<RouteEntry>)> = Vec::new();
        for entry in self.0 {
            match by_path.iter_mut().find(|(path, _)| *path == entry.path) {
                Some((_, entries)) => entries.push(entry),
                None => by_path.push((entry.path, vec![entry])),
            }
        }
        for (path, entries) in by_path {
            let names: Vec<&str> = entries.iter().map(|entry| entry.method.as_str()).collect();
            let allow = names.join(", ");
            let mut resource = web::resource(path);
            for entry in entries {
                resource = resource.route(entry.route);
            }
            config.service(resource.default_service(web::to(move || {
                let refusal = method_not_allowed(&allow);
                async move { Err::<&'static str, _>(refusal) }
            })));
        }
    }
}

fn method_not_allowed(allow: &str) -> ApiError {
    let error = ApiError::new(ErrorCode::MethodNotAllowed);
    match HeaderValue::from_str(allow) {
        Ok(value) => error.with_header(header::ALLOW, value),
        Err(_not_a_header) => error,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    use super::*;
    use crate::api::auth::{Authorized, Public, permit};

    async fn open(_: Public) -> &'static str {
        std::future::ready("open").await
    }

    async fn guarded(_: Authorized<permit::AlertsWrite>, _: web::Path<u8>) -> &'static str {
        std::future::ready("guarded").await
    }

    async fn of_anybody(_: Authorized<permit::SignedIn>) -> &'static str {
        std::future::ready("anybody").await
    }

    fn table() -> RouteTable {
        RouteTable::new(vec![
            RouteEntry::get("/open", open),
            RouteEntry::post("/open", open),
        ])
        .and(vec![
            RouteEntry::patch("/alerts/{id}", guarded),
            RouteEntry::get("/me", of_anybody),
        ])
    }

    #[test]
    async fn the_right_is_read_off_the_handler() {
        let rights: Vec<Access> = table().iter().map(RouteEntry::access).collect();
        assert_eq!(
            rights,
            [
                Access::Public,
                Access::Public,
                Access::Needs(Permission::AlertsWrite),
                Access::SignedIn
            ]
        );
    }

    #[test]
    async fn another_method_gets_405_and_the_methods_there_are() {
        let app = test::init_service(App::new().configure(|config| table().mount(config))).await;
        let request = test::TestRequest::delete().uri("/open").to_request();
        let response = test::call_service(&app, request).await;
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers().get("allow").unwrap(), "GET, POST");
        for method in [Method::GET, Method::POST] {
            let request = test::TestRequest::default()
                .method(method)
                .uri("/open")
                .to_request();
            assert_eq!(test::call_service(&app, request).await.status(), 200);
        }
    }
}
