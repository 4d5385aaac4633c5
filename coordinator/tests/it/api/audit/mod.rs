mod list;
mod record;
mod verify;
