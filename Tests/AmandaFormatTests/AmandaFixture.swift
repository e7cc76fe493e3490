// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The bytes of a captured file of Amanda's; Fixtures/README.md says where each comes from.
func amandaFixture(_ path: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures")
    return Array(try Data(contentsOf: folder.appendingPathComponent(path)))
}

/// Changes a few bytes of `bytes` at random: what every parser must survive without a trap.
func damaged(_ bytes: [UInt8], using generator: inout some RandomNumberGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let index = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: index)
        case 2:
            bytes.insert(
                Array(" \n\"\\'{}<>:/-%09\u{0C}".utf8).randomElement(using: &generator) ?? 0, at: index)
        default: bytes.removeSubrange(index..<min(bytes.count, index + 12))
        }
    }
    return bytes
}
