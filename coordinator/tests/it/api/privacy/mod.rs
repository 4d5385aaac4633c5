mod erase;
mod export;
