// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A tree that changes from run to run in every way that increments must follow.
struct ChangingTree: Sendable {
    let directory: String

    /// The tree as the first run finds it.
    init(_ directory: String) async throws {
        self.directory = directory
        try await SourceTree.make("\(directory)/tree", bytes: 1 << 20)
        try await change(
            """
            head -c 11M /dev/urandom >noise
            mkdir -p a/b/c old moved && seq 1 1000 >a/b/c/numbers && echo 1 >a/one && echo 2 >old/two
            echo goes >goes && echo stays >stays && echo was a file >turns && mkdir turned && echo in >turned/in
            ln stays linked && ln -s stays pointer
            """)
    }

    /// Deletions, renames of files and directories, a file that becomes a directory and the reverse, a file whose time
    /// is older than the last run, new contents under an old name.
    ///
    /// No directory is made after one was removed: the new one may get the old one's inode number, which GNU tar takes for
    /// a renaming, and then stock Amanda's own archive cannot be unpacked onto its base ("Cannot rename").
    func step(_ number: Int) async throws {
        try await change(
            number == 1
                ? """
                rm goes && mv old newer && mkdir old && echo not the same >old/other
                rm turns && mkdir turns && echo now inside >turns/inside && mv a/one a/b/one && mv a/b a/renamed
                echo more >>stays && rm -r turned && echo now a file >turned && head -c 11M /dev/urandom >noise
                echo late >late && touch -d '2001-02-03 04:05:06' late
                """
                : """
                rm turned && mkdir turned && mv a/renamed a/b && rm a/b/one && mv moved a/b/moved
                rm -r newer && echo again >>stays && rm late && echo third >third && head -c 11M /dev/urandom >noise
                chmod 600 stays && rm pointer && ln -s third pointer
                """)
    }

    /// tar tells changes by times of whole seconds: what follows happens in a later one.
    private func change(_ text: String) async throws {
        try await script("cd \"$1\"\n\(text)", [directory])
        let now = Date().timeIntervalSince1970
        try await Task.sleep(for: .seconds(now.rounded(.up) - now + 0.02))
    }
}
