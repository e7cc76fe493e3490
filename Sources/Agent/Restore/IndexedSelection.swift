// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump

/// Which part of its directory a dump is of, for one that no record describes: stock Amanda's header says what was included and
/// excluded, and its index what the includes found.
///
/// The index of an increment lists only what changed: the names of the whole chain are taken together.
struct IndexedSelection {
    let reader: CatalogReader

    /// - Returns: nil where there are neither includes nor excludes, or nothing tells what they found. Blocks.
    func selection(of chain: [CatalogDump]) throws -> DumpSelection? {
        guard let newest = chain.last, let dle = try reader.header(of: newest)?.dle else { return nil }
        // What a list excluded stands in no header: the dump may hold it.
        let excluded = (dle.exclude?.files ?? []).map { TarSelection.quoted($0.amandaBytes) }
        let includes = dle.include ?? DLEDescription.FileSelection()
        guard !includes.files.isEmpty || !includes.lists.isEmpty else {
            return DumpSelection(included: nil, excluded: excluded)
        }
        // A list's patterns are not known: every name counts, then, as far as it may matter.
        let depth = includes.lists.isEmpty ? includes.files.map(Self.depth).max() ?? 1 : 3
        var names: Set<[UInt8]> = []
        for dump in chain {
            guard let found = try reader.indexedNames(of: dump, depth: depth) else { return nil }
            names.formUnion(found)
        }
        return DumpSelection(included: names.sorted { $0.lexicographicallyPrecedes($1) }, excluded: excluded)
    }

    /// `./a*` has one piece.
    private static func depth(_ pattern: String) -> Int {
        max(1, pattern.split(separator: "/").filter { $0 != "." }.count)
    }
}
