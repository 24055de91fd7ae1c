//! Lists the files of the built web application as a table of bytes. Without a build the table is empty, and
//! the program serves a page that says how to make one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let built = Path::new(&manifest).join("../../ui/dist");
    // The folder is always there: it holds a file that says what it is for.
    println!("cargo:rerun-if-changed={}", built.display());
    let mut files = Vec::new();
    collect(&built, &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&built).map_err(io::Error::other)?;
        let name: String = name.to_string_lossy().replace('\\', "/");
        if matches!(name.as_str(), "README.md" | "manifest.json") || name.ends_with(".gz") {
            continue;
        }
        let packed = PathBuf::from(format!("{}.gz", file.display()));
        let packed = match packed.exists() {
            true => format!("Some(include_bytes!({packed:?}))"),
            false => "None".to_owned(),
        };
        writeln!(
            table,
            "    File {{ name: {name:?}, bytes: include_bytes!({file:?}), gzip: {packed} }},"
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("files.rs"), table)
}

/// All files below a folder; none when the folder is missing.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
