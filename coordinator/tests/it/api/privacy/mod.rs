mod erase;
mod export;
mod users;
