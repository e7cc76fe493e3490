// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How often a directory was opened to be listed, as the kernel tells it. Source: inotify(7), `IN_OPEN` with `IN_ISDIR`; opens of its
/// files in between keep two of them apart.
final class ListingCount {
    private let descriptor: Int32

    init(of directory: String) {
        descriptor = inotify_init1(Int32(O_NONBLOCK | O_CLOEXEC))
        precondition(descriptor >= 0 && inotify_add_watch(descriptor, directory, UInt32(IN_OPEN)) >= 0)
    }

    deinit {
        close(descriptor)
    }

    /// Since the last time.
    func take() -> Int {
        var count = 0
        while true {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let length = read(descriptor, &bytes, bytes.count)
            guard length > 0 else { return count }
            bytes.withUnsafeBytes { bytes in
                var place = 0
                while place < length {
                    let event = bytes.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
                    if event.len == 0, event.mask & UInt32(IN_ISDIR) != 0 { count += 1 }
                    place += MemoryLayout<inotify_event>.size + Int(event.len)
                }
            }
        }
    }
}
