//! What rustdoc has written, to link to.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use super::items::Item;
use super::page::up;
use super::plan::{Plan, room_of};

/// Paths below the directory of rustdoc: the page of each crate and of each of its items. None when it is not there.
///
/// # Errors
/// When a list of items cannot be read.
pub fn read(directory: &Path) -> io::Result<BTreeSet<String>> {
    let mut paths = BTreeSet::new();
    if !directory.is_dir() {
        return Ok(paths);
    }
    for entry in fs::read_dir(directory)? {
        let list = entry?.path().join("all.html");
        let (Some(name), true) = (list.parent().and_then(Path::file_name), list.exists()) else { continue };
        let name = name.to_string_lossy().into_owned();
        paths.insert(format!("{name}/index.html"));
        paths.extend(items_of(&fs::read_to_string(&list)?).map(|item| format!("{name}/{item}")));
    }
    Ok(paths)
}

/// The addresses of items on rustdoc's page of all items.
fn items_of(html: &str) -> impl Iterator<Item = &str> {
    let addresses = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    addresses
        .filter(|to| !to.starts_with("..") && to.rsplit('/').next().is_some_and(|file| file.matches('.').count() == 2))
}

/// Address of an item of a source, from the page at `from`, if rustdoc has a page for it. Of items with one name the one in
/// the module of the source's name is meant.
pub(super) fn item(plan: &Plan<'_>, from: &str, file: &str, item: &Item) -> Option<String> {
    let kind = match item.kind {
        "const" => "constant",
        "impl" | "mod" => return None,
        kind => kind,
    };
    let room = room_of(file)?.replace('-', "_");
    let page = format!("/{kind}.{}.html", item.name);
    let own = plan.site.api.range(format!("{room}/")..).take_while(|path| path.starts_with(&format!("{room}/")));
    let same: Vec<&String> = own.filter(|path| path.ends_with(&page)).collect();
    let is_in_module = |path: &&&String| {
        let modules = path.strip_suffix(&page).unwrap_or(path).split('/').skip(1);
        modules.clone().count() > 0
            && modules.last().is_some_and(|module| file.split(['/', '.']).any(|part| part == module))
    };
    let chosen = match same[..] {
        [only] => Some(only),
        _ => same.iter().find(is_in_module).copied(),
    };
    let is_seen = item.is_public && item.depth == 0 && file.contains("/src/");
    chosen.filter(|_| is_seen).map(|path| format!("{}api/{path}", up(from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Site;
    use crate::{Coverage, Tree};

    #[test]
    fn items_of_rustdoc_are_linked() {
        let html =
            "<a href=\"../x/struct.No.html\"></a><a href=\"a/struct.Id.html\">a::Id</a><a href=\"index.html\"></a>";
        let list: BTreeSet<String> = items_of(html).map(|item| format!("room/{item}")).collect();
        assert_eq!(list.iter().collect::<Vec<_>>(), ["room/a/struct.Id.html"]);
        let tree = Tree::from([("room/src/a.rs", "pub struct Id;\nstruct Own;\n")]);
        let coverage = Coverage::of(&tree);
        let plan = Plan::of(Site { api: &list, ..Site::new(&tree, &coverage) });
        let items = &plan.sources["room/src/a.rs"].items;
        let found = |index: usize| item(&plan, "src/room/src/a.rs.html", "room/src/a.rs", &items[index]);
        assert_eq!(found(0).as_deref(), Some("../../../api/room/a/struct.Id.html"));
        assert_eq!(found(1), None);
    }
}
