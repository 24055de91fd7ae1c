//! The troubleshooting flow as code: what to check first, second, third, with this journey's figures.
