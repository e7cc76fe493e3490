// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files
import Foundation
import TestSupport
import Testing

@testable import Dump

/// Small file systems in memory that serve as holding disks, unmounted in the end.
final class SmallDisk {
    let path: String

    init(_ path: String, byteCount: Int) throws {
        self.path = path
        try FileSystem.makeDirectories(path)
        try shell("mount -t tmpfs -o size=\(byteCount) amfleet-test '\(path)'", in: "/")
    }

    deinit {
        _ = try? shell("umount -l '\(path)'", in: "/")
    }

    /// The right to mount is not everybody's.
    static let canMount: Bool = {
        guard let path = try? FileSystem.makeTemporaryDirectory(),
            (try? SmallDisk("\(path)/probe", byteCount: 1 << 20)) != nil
        else { return ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1" }
        return true
    }()
}

extension DumpFixture {
    var run: Datestamp {
        get throws { try #require(Datestamp("20261123030600")) }
    }

    /// Holding disks below the fixture's directory, as `amanda.conf` would name them; their directories are made.
    func holdingDisks(_ bodies: [(name: String, body: String)]) throws -> [HoldingDisk] {
        let text = try bodies.map { name, body in
            try FileSystem.makeDirectories(directory.path(name))
            return
                "holdingdisk \(name.replacing("/", with: "-")) {\n directory \"\(directory.path(name))\"\n\(body)\n}\n"
        }.joined()
        return try AmandaConfiguration(parsing: text, file: directory.path("demo/amanda.conf")) {
            path -> String in
            throw FilesError("include", path, reason: "no test includes a file")
        }.holdingDisks
    }

    func area(_ bodies: [(name: String, body: String)]) throws -> HoldingArea {
        HoldingArea(try holdingDisks(bodies), run: try run, owner: nil)
    }

    func hold(
        _ plan: DumpPlan, in area: HoldingArea, expected: Int64? = nil
    ) async throws -> (DumpOutcome, HeldDump?) {
        let target = try area.target(expected: expected, level: plan.dle.level, readFrom: plan.device)
        var plan = plan
        plan.target = target
        let outcome = try await dump(plan)
        return (outcome, target.held)
    }

    /// Names below a holding disk, with their lengths.
    func lying(on name: String) throws -> [String] {
        try shell("find '\(directory.path(name))' -type f -printf '%P %s\\n' | sort", in: "/")
            .split(separator: "\n").map(String.init)
    }
}

/// Does something behind the back of a holding disk while a dump is being written.
struct WatchedTarget: DumpTarget {
    private let target: HoldingTarget
    private let afterFirstPiece: @Sendable () -> Void
    private let beforeHeader: @Sendable () -> Void
    private let afterHeader: @Sendable () -> Void

    init(
        _ target: HoldingTarget, afterFirstPiece: @escaping @Sendable () -> Void = {},
        beforeHeader: @escaping @Sendable () -> Void = {}, afterHeader: @escaping @Sendable () -> Void = {}
    ) {
        self.target = target
        self.afterFirstPiece = afterFirstPiece
        self.beforeHeader = beforeHeader
        self.afterHeader = afterHeader
    }

    var layout: StoragePlan { target.layout }

    func open(_ header: DumpHeader, room: Int) async throws -> any DumpFile {
        Watched(file: try await target.open(header, room: room), watch: self)
    }

    private struct Watched: DumpFile {
        let file: any DumpFile
        let watch: WatchedTarget

        func send(piece: Int, _ block: ByteBlock) async throws {
            try await file.send(piece: piece, block)
            if piece == 1 { watch.afterFirstPiece() }
        }

        func finish() async throws -> DumpPart { try await file.finish() }

        func writeHeader(_ header: DumpHeader) async throws {
            watch.beforeHeader()
            defer { watch.afterHeader() }
            try await file.writeHeader(header)
        }

        func abort() async -> String? { await file.abort() }
    }
}
