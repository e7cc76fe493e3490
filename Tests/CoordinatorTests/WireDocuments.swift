// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Foundation
import Testing

@testable import Coordinator

/// One document of each kind that an agent sends or the bucket holds, with every number in it.
struct WireDocument: Sendable, CustomTestStringConvertible {
    let name: String
    let json: String
    /// As the programs read it.
    let read: @Sendable ([UInt8]) throws -> any Sendable

    init<Value: Decodable & Sendable>(_ name: String, _ type: Value.Type, _ json: String) {
        self.name = name
        self.json = json
        read = { try WireJSON.read(Value.self, from: $0, what: name) }
    }

    var testDescription: String { name }

    /// The document as a tree that can be changed.
    var tree: Any { (try? JSONSerialization.jsonObject(with: Data(json.utf8))) ?? [:] }

    static func bytes(_ tree: Any) -> [UInt8] {
        Array(
            (try? JSONSerialization.data(withJSONObject: tree, options: [.sortedKeys, .fragmentsAllowed]))
                ?? Data())
    }

    static let all: [WireDocument] = [
        WireDocument("record", NodeRecord.self, record),
        WireDocument("manifest", RunManifest.self, manifest),
        WireDocument("history", HistoryLine.self, history),
        WireDocument("lease", Lease.self, lease),
        WireDocument("pins", PinIndex.self, #"{"format": 1, "runs": ["20261123030600"]}"#),
        WireDocument("status", NodeStatus.self, status),
        WireDocument("volumes", NodeVolumes.self, volumes),
        WireDocument("restorability", NodeRestorability.self, restorability),
        WireDocument("keys", NodeKeys.self, keys),
        WireDocument("node's pins", NodePins.self, nodePins),
        WireDocument("job", JobSnapshot.self, job),
        WireDocument("jobs", JobList.self, #"{"format": 1, "jobs": [\#(job)]}"#),
        WireDocument("event", JobEvent.self, event),
        WireDocument("refusal", WireErrors.self, fault),
        WireDocument("backup", JobRequest.self, request(backupOrder)),
        WireDocument("restore", JobRequest.self, request(restoreOrder)),
        WireDocument("flush", JobRequest.self, request(#""kind": "flush", "configurations": []"#)),
        WireDocument("pin request", PinRequest.self, pinRequest),
        WireDocument("key request", KeyRequest.self, #"{"format": 1, "configurations": ["vertica"]}"#),
        WireDocument("cluster", ClusterIdentity.self, cluster),
        WireDocument("measured restore", MeasuredRestore.self, measuredRestore),
        WireDocument(
            "revocations", RevocationOrder.self, #"{"format": 1, "lists": "-----BEGIN X509 CRL-----"}"#),
        WireDocument("history's progress", HistoryProgress.self, #"{"format": 1, "seen": "20261123030600"}"#),
        WireDocument("secrets", SecretsOrder.self, #"{"format": 1, "files": [\#(sealedFile)]}"#),
        WireDocument("sealed manifest", SealedManifest.self, sealedManifest),
    ]

    static func named(_ name: String) -> WireDocument? { all.first { $0.name == name } }

    private static let run = #""20261123030600""#
    private static let time = #""2026-11-23T03:06:00Z""#

    private static let error = #"""
        {"kind": "failed", "node": "node01", "message": "no room", "hint": "make room.", "runningJob": "j",
         "newestRun": \#(run), "reach": "itself",
         "place": {"file": "/etc/amanda/a", "line": 3, "column": 4, "node": "node01", "configuration": "vertica",
                   "disk": "/data"}}
        """#
    private static let fault = #"{"kind": "busy", "message": "busy", "errors": [\#(error), \#(error)]}"#
    private static let remark =
        #"{"text": "note", "subject": "x", "place": {"file": "/a", "line": 1, "column": 2}}"#
    private static let hole = #"{"path": "/data/x", "fileSystem": "ext4", "usedBytes": 5}"#
    private static let measure = #"""
        {"run": \#(run), "level": 0, "bytes": 10, "names": 4, "files": 3, "directories": 1, "isMountPoint": true,
         "deviceNumber": 7, "holes": [\#(hole)]}
        """#
    private static let stream = #"{"crc32c": "00000000", "byteCount": 2048}"#
    private static let volume = #"""
        {"label": "vertica-01", "bucket": "backups", "prefix": "demo/node01/vertica/slot-01", "run": \#(run),
         "store": {"endpoint": "https://s3.lab", "region": "r", "addressing": "path", "servicePath": "/s"},
         "directory": "/v"}
        """#
    private static let held = #"""
        {"run": \#(run), "host": "localhost", "disk": "/data", "level": 1, "fault": "torn",
         "chunks": [{"path": "/h/1", "byteCount": 6}, {"path": "/h/2", "byteCount": 6}]}
        """#
    private static let part = #"""
        {"label": "vertica-01", "fileNumber": 1, "headerKey": "k1", "dataKey": "k2", "blockCount": 2,
         "blockByteCount": 9, "byteCount": 1024, "proof": "checksum"}
        """#
    private static func dump(_ status: String) -> String {
        #"""
        {"host": "localhost", "disk": "/data", "device": "/data", "level": 1, "status": "\#(status)",
         "compression": "gzip", "attributes": ["xattrs"], "native": \#(stream), "client": \#(stream),
         "server": \#(stream), "parts": [\#(part), \#(part)], "seconds": 3.5, "notes": ["a note"],
         "strange": ["odd"], "error": \#(error), "held": \#(held),
         "bases": [{"run": \#(run), "writtenRun": \#(run), "level": 0, "native": \#(stream), "server": \#(stream),
                    "volumes": [\#(volume)],
                    "parts": [{"label": "vertica-01", "fileNumber": 1, "byteCount": 10}]}],
         "expectation": {"dumpedBytes": 2048, "storedBytes": 1024, "seconds": 3.5, "reason": "due"},
         "recoveryPoints": [{"name": "epoch", "value": "3"}], "names": 4, "files": 3, "directories": 1,
         "deviceNumber": 7, "isMountPoint": true, "holes": [\#(hole)],
         "judgedBy": {"full": \#(measure), "newest": \#(measure)},
         "suspect": {"reasons": ["selfBackup", "bytes", "hole"], "before": \#(measure), "now": \#(measure),
                     "acceptedAt": \#(time), "acceptedBy": "me",
                     "gaps": [{"path": "/etc/amanda/x", "reason": "mounted", "detail": "/etc/amanda", "moreCount": 3}]},
         "selection": {"included": ["a"], "excluded": ["./b"]}}
        """#
    }
    private static let selfBackupFile =
        #"{"path": "/etc/amanda/vertica/disklist", "byteCount": 5, "sha256": "00ff"}"#
    private static func configuration(_ name: String, _ role: String) -> String {
        #"""
        {"name": "\#(name)", "role": "\#(role)", "volumes": [\#(volume)],
         "dumps": [\#(role == "self" ? dump("ok") : ["ok", "planned", "held", "skipped"].map(dump).joined(separator: ", "))],
         "error": \#(error), "errors": [\#(error)], "notes": ["note"], "noteValues": [\#(remark)],
         "readsFromGlacier": true,
         "selfBackup": {"files": [\#(selfBackupFile)],
                        "trees": [{"path": "/etc/amanda/vertica/index", "fileCount": 3, "byteCount": 9}]}}
        """#
    }
    static let record = #"""
        {"format": 1, "cluster": "demo", "node": "node01", "run": \#(run), "attempt": 1, "fence": 3,
         "version": "0.1.0", "startedAt": \#(time), "finishedAt": \#(time),
         "configurations": [\#(configuration("vertica", "data")), \#(configuration("amanda-server", "self"))]}
        """#
    private static func verdict(_ node: String, _ state: String) -> String {
        #"""
        {"node": "\#(node)", "state": "\#(state)", "jobID": "j", "attempt": 1, "dumpedBytes": 9, "storedBytes": 8,
         "finishedAt": \#(time), "volumes": {"holding": [\#(volume)], "builtOn": [\#(volume)], "emptied": [\#(volume)],
           "levels": [0, 1], "refusal": "no"}, "notes": ["n"], "noteValues": [\#(remark)], "error": \#(error), "errors": [\#(error)]}
        """#
    }
    static let manifest = #"""
        {"format": 1, "cluster": "demo", "run": \#(run), "revision": 2, "fence": 3, "coordinator": "me@here",
         "startedAt": \#(time), "finishedAt": \#(time), "verdict": "partial",
         "configurations": [{"name": "vertica", "role": "data"}, {"name": "amanda-server", "role": "self"}],
         "nodes": [\#(verdict("node01", "complete")), \#(verdict("node02", "failed"))],
         "pin": {"since": \#(time), "by": "me"}, "protectedSets": [\#(run)]}
        """#
    static let history = #"""
        {"format": 1, "cluster": "demo", "run": \#(run), "revision": 2, "fence": 3, "coordinator": "me@here",
         "flags": ["--full"], "startedAt": \#(time), "finishedAt": \#(time), "verdict": "partial",
         "configurations": [{"name": "vertica", "role": "data"}], "levels": [0, 1], "overwrittenBy": \#(time),
         "hadVolumes": true, "nodes": [
          {"node": "node01", "state": "complete", "dumpedBytes": 9, "storedBytes": 8, "reason": "x"},
          {"node": "node02", "state": "failed", "dumpedBytes": 9, "storedBytes": 8}]}
        """#
    static let lease = #"""
        {"format": 1, "cluster": "demo", "holder": "me", "purpose": "backup", "verb": "backup", "run": \#(run),
         "fence": 3, "acquiredAt": \#(time), "expiresAt": \#(time), "isReleased": false, "hold": "ab"}
        """#
    private static let progress = #"""
        {"dumpedBytes": 5, "storedBytes": 4, "expectedBytes": 10, "finishedDisks": 1, "totalDisks": 2,
         "current": "vertica: /data", "limitedBy": "cpu"}
        """#
    private static let restored = #"""
        {"sourceNode": "node01", "run": \#(run), "disks": [
          {"configuration": "vertica", "disk": "/data", "target": "/t", "restoredBytes": 5, "notes": ["n"],
           "error": \#(error)},
          {"configuration": "vertica", "disk": "/logs", "target": "/l", "restoredBytes": 5, "notes": []}]}
        """#
    private static let flushed = #"""
        {"run": \#(run), "configurations": [{"name": "vertica", "notes": ["n"], "volumes": [\#(volume)],
          "error": \#(error), "errors": [\#(error)],
          "dumps": [{"held": \#(held), "labels": ["vertica-01"], "error": \#(error)}]}]}
        """#
    private static func job(_ state: String, record: Bool) -> String {
        #"""
        {"format": 1, "id": "j", "run": \#(run), "kind": "backup", "attempt": 1, "state": "\#(state)",
         "startedAt": \#(time), "finishedAt": \#(time), "lastSequence": 9, "progress": \#(progress),
         "error": \#(error), "errors": [\#(error)]\#(record ? #", "record": \#(Self.record)"# : ""),
         "restore": \#(restored), "flush": \#(flushed)}
        """#
    }
    static let job = job("failed", record: false)
    static let event = #"""
        {"sequence": 4, "time": \#(time), "kind": "progress", "state": "running", "progress": \#(progress),
         "text": "a word", "error": \#(error), "errors": [\#(error)]}
        """#
    static let status = #"""
        {"format": 1, "node": "node01", "cluster": "demo", "version": "0.1.0", "time": \#(time),
         "certificateExpiresAt": \#(time), "isRoot": true, "tarVersion": "tar 1.35",
         "storageClockOffsetSeconds": 0.5, "storageError": \#(error), "runningJob": "j",
         "lastJob": \#(job("succeeded", record: false)), "configurations": [
          {"name": "vertica", "role": "data", "error": \#(error), "errors": [\#(error)], "diskErrors": [\#(error)],
           "restoreErrors": [\#(error)], "remarks": ["r"], "remarkValues": [\#(remark)], "disks": ["/data"],
           "outsideSelfBackup": ["/o"], "selfBackupHoles": [\#(hole)], "secretsReadable": ["/s"],
           "newestRun": \#(run), "newestLabel": "vertica-01", "held": [\#(held)], "flushesByItself": false,
           "unknownVolumes": [\#(remark)], "selfBackupFiles": [\#(selfBackupFile)]}]}
        """#
    static let volumes = #"""
        {"format": 1, "node": "node01", "configurations": [{"name": "vertica", "role": "data", "error": \#(error),
          "errors": [\#(error)], "lostLabels": ["x"], "refusal": \#(error),
          "shortfall": {"asked": 3, "left": 2, "protectedRuns": [\#(run)], "text": "short"},
          "slots": [{"slot": 1, "device": "s3:b/p", "state": "known", "label": "vertica-01", "run": \#(run),
            "writtenByRun": 2, "keptReason": "kept", "isSpare": false, "protectedRun": \#(run), "isPinned": true,
            "unreadableReason": "why",
            "dumps": [{"host": "h", "disk": "/data", "level": 0, "storedBytes": 5, "isWhole": true},
                      {"host": "h", "disk": "/logs", "level": 0, "storedBytes": 5, "isWhole": true}]}]}]}
        """#
    static let restorability = #"""
        {"format": 1, "node": "node01", "run": \#(run), "state": "damaged", "reason": "gone"}
        """#
    static let keys = #"""
        {"format": 1, "node": "node01", "keys": [{"user": "backup", "keyPath": "/k", "passphrasePath": "/p"}]}
        """#
    static let nodePins = #"""
        {"format": 1, "node": "node01", "configurations": [{"name": "vertica", "marked": ["a"], "freed": ["b"],
          "error": \#(error), "errors": [\#(error)]}]}
        """#
    private static let protection = #"""
        {"runs": [{"run": \#(run), "reason": "set",
          "volumes": [{"configuration": "vertica", "label": "vertica-01", "run": \#(run)}]}], "namesEveryPin": true}
        """#
    static let pinRequest = #"""
        {"format": 1, "configurations": ["vertica"], "protection": \#(protection)}
        """#
    private static let cluster = #"""
        {"format": 1, "cluster": "demo", "clusterID": "0a1b2c3d-0000", "authorityFingerprint": "00ff",
         "authorities": ["00ff", "11ee"], "createdAt": \#(time)}
        """#
    private static let measuredRestore = #"""
        {"format": 1, "node": "node01", "run": \#(run), "finishedAt": \#(time), "dumpedBytes": 33554432,
         "storedBytes": 9, "seconds": 2.5}
        """#
    private static let owner = #""user": "backup", "group": "disk", "userID": 34, "groupID": 6"#
    private static let sealedFile = #"""
        {"path": "/etc/amanda/key", "kind": "encryption", "mode": 384, \#(owner), "content": "cGFzc3dvcmQ="}
        """#
    private static let sealedManifest = #"""
        {"format": 1, "cluster": "demo", "clusterID": "0a1b2c3d-0000", "owner": "node/node01", "run": \#(run),
         "sealedAt": \#(time), "fingerprintKey": "00ff", "number": 2, "keysSince": \#(run),
         "files": [{"path": "/etc/amanda/key", "kind": "encryption", "mode": 384, \#(owner), "byteCount": 8}]}
        """#
    private static let backupOrder = #"""
        "kind": "backup", "configurations": [{"name": "vertica", "role": "data"}], "dryRun": false,
        "plausibility": {"bytes": 0.5, "names": 0.5}, "recentRuns": [\#(run)]
        """#
    private static let restoreOrder = #"""
        "kind": "restore", "configurations": [{"name": "vertica", "role": "data"}], "sourceNode": "node01",
        "directory": "/t", "overwrite": false, "delete": false,
        "thaw": {"tier": "bulk", "days": 4, "deadlineSeconds": 7}, "ignoresRoom": true, "isUnconfined": false,
        "overwritesSelf": false, "overwrittenConfigurations": ["vertica"], "overwrittenDisks": ["/data"],
        "acceptsSecurityFile": false
        """#
    private static func request(_ order: String) -> String {
        #"""
        {"format": 1, "id": "j", "cluster": "demo", "node": "node01", "run": \#(run), "fence": 3, "attempt": 1,
         "coordinator": "me@here", "storageOutageSeconds": 600, "holdAfterSeconds": 120,
         "sendBytesPerSecond": 5120, "receiveBytesPerSecond": 5120, "protection": \#(protection),
         "storage": {"bucket": "backups", "prefix": "demo", "region": "r", "endpoint": "https://s3.lab",
                     "addressing": "path", "kmsKeyID": "k"},
         "order": {\#(order)}}
        """#
    }
}
