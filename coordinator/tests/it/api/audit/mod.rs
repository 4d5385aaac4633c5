mod list;
mod record;
mod repeat;
mod verify;
