mod clocks;
mod goals;
mod life;
mod reach;
