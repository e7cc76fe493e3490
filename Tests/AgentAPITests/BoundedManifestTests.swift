// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import TestSupport
import Testing

@testable import AgentAPI

/// A manifest is all that there is of a run: what one node has said must leave it readable for the others.
@Suite(.timeLimit(.minutes(9))) struct BoundedManifestTests {
    private static let readerByteCountLimit = 24 << 20

    private static func manifest(_ nodes: [NodeVerdict]) throws -> RunManifest {
        RunManifest(
            cluster: "demo", run: try #require(RunName("20261123030600")), fence: 1, coordinator: "me@here",
            startedAt: Date(timeIntervalSince1970: 1_795_000_000), configurations: [], nodes: nodes)
    }

    private static func verdict(_ name: String, notes: Int, length: Int) -> NodeVerdict {
        let long = String(repeating: "x", count: length)
        var verdict = NodeVerdict(
            node: name, state: .failed, jobID: "backup-1-\(name)", attempt: 3, dumpedBytes: 7,
            notes: Array(repeating: long, count: notes))
        verdict.noteValues = verdict.notes.map { Remark($0) }
        var fault = WireError(.busy, node: name, "busy: job '\(long)' is running", runningJob: long)
        fault.place = FaultPlace(file: long)
        verdict.faults = Array(repeating: fault, count: notes)
        verdict.volumes = RecordedVolumes(
            holding: [VolumeRecord(label: long, bucket: "b", prefix: "p/\(long)")], levels: [0])
        verdict.unsealed = [fault]
        return verdict
    }

    @Test func `whatever nodes say, all of it can be read, and what became of each stands there`() throws {
        let hostile = ["node01", "node02"].map { Self.verdict($0, notes: 3, length: 3 << 20) }
        let loud = Self.verdict("node03", notes: 400, length: 16 << 10)
        let whole = Self.verdict("node04", notes: 10, length: 100)
        let manifest = try Self.manifest(hostile + [loud, whole]).bounded
        let bytes = try WireJSON.document(manifest)
        #expect(bytes.count < Self.readerByteCountLimit / 8, "\(bytes.count)")
        let read: RunManifest = try WireJSON.read(from: bytes, what: "manifest")
        #expect(read.nodes.map(\.node) == ["node01", "node02", "node03", "node04"])
        #expect(read.nodes.allSatisfy { $0.state == .failed && $0.attempt == 3 && $0.dumpedBytes == 7 })
        for verdict in read.nodes {
            #expect(verdict.error?.kind == .busy && verdict.error?.node == verdict.node)
            #expect(verdict.error?.message.hasPrefix("busy: job 'xxx") == true)
        }
        #expect(manifest.nodes[0].volumes == nil)
        #expect(manifest.nodes[2].notes.count == 21)
        #expect(manifest.nodes[2].notes.last == "the rest is in the node's record")
        #expect(manifest.nodes[3] == whole)
        #expect(manifest.bounded == manifest)
    }

    @Test(.long) func `a thousand nodes share the room`() throws {
        let nodes = (1...1_000).map { Self.verdict("node\($0)", notes: 30, length: 1_000) }
        let bytes = try WireJSON.document(try Self.manifest(nodes).bounded)
        #expect(bytes.count < Self.readerByteCountLimit, "\(bytes.count)")
    }
}
