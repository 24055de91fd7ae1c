mod clocks;
mod goals;
mod life;
mod reach;
mod walks;
