// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Trees to back up.
enum SourceTree {
    /// At least `bytes` of the machine's own files, and one of each thing that archivers get wrong.
    static func make(_ directory: String, bytes: Int = 0, share: String = "0/1") async throws {
        try await successful([
            "/usr/bin/python3", "\(Machine.package)/ci/tree", "make", directory, "--share", share, "--bytes",
            "\(bytes)",
        ])
    }

    /// Writes a file whose every mebibyte differs from every other, so that no block can take another's place.
    ///
    /// - Parameter randomMebibytes: so many of every four cannot be compressed; the others can.
    static func writeFile(_ path: String, mebibytes: Int, randomMebibytes: Int = 0) async throws {
        try await successful(
            ["/usr/bin/python3", "-c", writer, path, "\(mebibytes)", "\(randomMebibytes)"])
    }

    private static let writer = """
        import random, sys
        path, count, wild = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        source = random.Random(7)
        noise = source.randbytes(1 << 20)
        text = b" ".join(b"%x" % source.getrandbits(24) for _ in range(1 << 12)).ljust(1 << 15, b"\\n") * 32
        with open(path, "wb") as file:
            for number in range(count):
                body = noise if number % 4 < wild else text
                turn = number * 4099 % (1 << 20)
                file.write(b"%016d" % number + (body[turn:] + body[:turn])[16:])
        """

    /// Many files of a few bytes, a hundred to a folder.
    static func writeSmallFiles(_ directory: String, count: Int) throws {
        let manager = FileManager.default
        for number in 0..<count {
            let folder = "\(directory)/\(number / 100)"
            if number % 100 == 0 {
                try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            try write("small file \(number)\n", to: "\(folder)/\(number)")
        }
    }
}
