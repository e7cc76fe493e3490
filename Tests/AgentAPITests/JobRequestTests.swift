// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

@testable import AgentAPI

@Suite struct JobRequestTests {
    @Test func `a backup survives the wire`() throws {
        let request = try JobRequest.sample(
            .backup(
                BackupOrder(configurations: [
                    ConfigurationChoice(name: "vertica", role: .data),
                    ConfigurationChoice(name: "amanda-server", role: .selfBackup),
                ])))
        let text = try WireJSON.line(request)
        #expect(try WireJSON.read(JobRequest.self, from: text, what: "job") == request)
        #expect(String(decoding: text, as: UTF8.self).contains(#""kind":"backup""#))
        #expect(String(decoding: text, as: UTF8.self).contains(#""role":"self""#))
    }

    @Test func `a restore survives the wire`() throws {
        let request = try JobRequest.sample(
            .restore(
                RestoreOrder(
                    sourceNode: "node01", configurations: [], directory: "/srv/x", overwrite: true,
                    thaw: ThawOrder(tier: .bulk, days: 9, deadlineSeconds: 3600))))
        #expect(try WireJSON.read(JobRequest.self, from: WireJSON.line(request), what: "job") == request)
    }

    @Test func `a thaw that cannot be asked for is told apart`() {
        #expect(ThawOrder().isPossible && ThawOrder(days: 365, deadlineSeconds: 1).isPossible)
        #expect(!ThawOrder(days: 0).isPossible && !ThawOrder(days: 366).isPossible)
        #expect(!ThawOrder(deadlineSeconds: 0).isPossible)
    }

    @Test func `what only a newer agent knows ends no stream, and no job`() throws {
        let text = """
            {"sequence":7,"time":"2026-11-23T03:06:00Z","kind":"measurement","state":"paused","text":"half",\
            "progress":{"dumpedBytes":1,"storedBytes":1,"finishedDisks":0,"totalDisks":1,"limitedBy":"memory"},"more":{"a":[1]}}
            """
        let event = try WireJSON.read(JobEvent.self, from: Array(text.utf8), what: "event")
        #expect(event.kind == .note && event.sequence == 7 && event.text == "half")
        #expect(event.state == .running && event.progress?.limitedBy == .other)
    }

    @Test func `a job of a kind that only a newer agent knows costs its kind, and is no order`() throws {
        let text = """
            {"format":1,"id":"a","run":"20261123030600","kind":"rehearsal","attempt":1,"state":"failed",\
            "startedAt":"2026-11-23T03:06:00Z","lastSequence":2,\
            "progress":{"dumpedBytes":1,"storedBytes":1,"finishedDisks":0,"totalDisks":1},\
            "error":{"kind":"weather","message":"it rained"}}
            """
        let job = try WireJSON.read(JobSnapshot.self, from: Array(text.utf8), what: "job")
        #expect(job.kind == .other && job.id == "a" && job.state == .failed)
        #expect(
            job.kind.text(of: job.run)
                == "a job of a kind that this version does not know, of run 20261123030600")
        #expect(JobKind.backup.text(of: job.run) == "backup of run 20261123030600")
        #expect(job.error?.kind == .failed && job.error?.message == "it rained")
        for kind in ["rehearsal", "other"] {
            #expect(
                throws: WireJSONError(what: "job", reason: "kind: this version knows no job of this kind")
            ) {
                try WireJSON.read(JobOrder.self, from: Array("{\"kind\":\"\(kind)\"}".utf8), what: "job")
            }
        }
    }

    @Test func `a word of a newer agent about a volume, a key or a sealed file proves nothing`() throws {
        func read<Value: Decodable>(_ text: String) throws -> Value {
            try WireJSON.read(from: Array(text.utf8), what: "answer")
        }
        let slot: SlotVolume = try read(#"{"slot":1,"device":"s3:b/x","state":"frozen","dumps":[]}"#)
        #expect(slot.state == .unreadable)
        let node: NodeRestorability = try read(
            #"{"format":1,"node":"n","run":"20261123030600","state":"halfway","reason":"why"}"#)
        #expect(node.restorability == .unknown("why"))
        let key: NodeRestorePlan.Key = try read(
            #"{"configuration":"c","disk":"/d","program":"/p","state":"borrowed"}"#)
        #expect(key.state == .unknown)
        let secret: RestoredSecret = try read(#"{"path":"/k","kind":"encryption","state":"merged"}"#)
        #expect(secret.state == .other && secret.hint == nil)
        let rate: NodeRestorePlan.Rate = try read(
            #"{"source":"drill","run":"20261123030600","bytesPerSecond":1}"#)
        #expect(rate.source == .other)
    }

    @Test func `names the field that is missing`() {
        let text = Array(#"{"format":1,"id":"a"}"#.utf8)
        #expect(throws: WireJSONError(what: "job", reason: "'cluster' is missing")) {
            try WireJSON.read(JobRequest.self, from: text, what: "job")
        }
    }

    @Test func `refuses a document of a later format`() {
        #expect(
            throws: WireJSONError(
                what: "job", reason: "it has format 2, this version knows 1", isOfOtherFormat: true)
        ) {
            try WireJSON.read(JobRequest.self, from: Array(#"{"format": 2}"#.utf8), what: "job")
        }
    }

    @Test func `refuses a run name that is none`() throws {
        let text = try String(
            decoding: WireJSON.line(JobRequest.sample(.backup(.init(configurations: [])))), as: UTF8.self)
        let changed = Array(text.replacing("20261123030600", with: "20261323030600").utf8)
        #expect(throws: WireJSONError(what: "job", reason: "run: '20261323030600' is no run name")) {
            try WireJSON.read(JobRequest.self, from: changed, what: "job")
        }
    }

    @Test(arguments: ["", "../x", "a b", "ä", String(repeating: "a", count: 101)])
    func `refuses an id that could not be a file name`(id: String) {
        #expect(!JobRequest.isUsable(id: id))
    }

    @Test func `takes the ids that the coordinator makes`() {
        #expect(JobRequest.isUsable(id: "20261123030600-backup-node01"))
    }
}

extension JobRequest {
    static func sample(_ order: JobOrder) throws -> JobRequest {
        JobRequest(
            id: "20261123030600-backup-node01", cluster: "demo", node: "node01",
            run: try #require(RunName("20261123030600")), fence: 7, attempt: 1,
            coordinator: "root@host, pid 1",
            storage: StorageAddress(bucket: "backups", prefix: "demo", region: "us-east-1"),
            storageOutageSeconds: 600, order: order)
    }
}
