// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation

@testable import Coordinator

/// Values that several suites look at.
enum Sample {
    static let time = Date(timeIntervalSince1970: 1_795_392_360)
    static let run = name("20261123030600")
    static let asked = ClusterSettings.Configurations(selfBackup: "amanda-server", data: ["vertica"])
        .inBackupOrder

    static func name(_ digits: String) -> RunName {
        guard let run = RunName(digits) else { preconditionFailure("'\(digits)' is no run name") }
        return run
    }

    static func cluster(_ nodes: [String]) -> ClusterSettings {
        ClusterSettings(
            cluster: "demo",
            storage: .init(address: StorageAddress(bucket: "backups", prefix: "demo", region: "us-east-1")),
            configurations: .init(selfBackup: "amanda-server", data: ["vertica"]),
            nodes: nodes.enumerated().compactMap { index, name in
                AgentAddress("127.0.0.1:\(7001 + index)").map { .init(name: name, address: $0) }
            })
    }

    static func dump(_ status: DumpRecord.Status = .ok, disk: String = "/data") -> DumpRecord {
        DumpRecord(
            host: "localhost", disk: disk, device: disk, level: 0, status: status, compression: .gzip,
            native: .init(byteCount: 2048),
            parts: [
                DumpPart(
                    label: "vertica-01", fileNumber: 1, headerKey: "k1", dataKey: "k2", byteCount: 1024,
                    proof: .checksum)
            ])
    }

    static func record(
        _ node: String = "node01", run: RunName = run, dumps: [DumpRecord] = [dump()], attempt: Int = 1,
        configurations: [ConfigurationChoice] = asked
    ) -> NodeRecord {
        NodeRecord(
            cluster: "demo", node: node, run: run, attempt: attempt, fence: 1, version: "0.1.0",
            startedAt: time,
            finishedAt: time,
            configurations: configurations.map { choice in
                ConfigurationRecord(
                    name: choice.name, role: choice.role,
                    volumes: [
                        VolumeRecord(
                            label: "\(choice.name)-01", bucket: "backups",
                            prefix: "demo/\(node)/\(choice.name)/slot-01")
                    ], dumps: dumps)
            })
    }

    static func verdict(
        _ node: String, _ state: NodeVerdict.State, _ kind: WireError.Kind? = nil
    ) -> NodeVerdict {
        NodeVerdict(
            node: node, state: state, jobID: JobID.backup(run, node: node),
            error: kind.map { WireError($0, node: node, "reason of \(node)") })
    }

    static func manifest(_ verdicts: [NodeVerdict], _ verdict: RunManifest.Verdict) -> RunManifest {
        RunManifest(
            cluster: "demo", run: run, fence: 1, coordinator: "me@here, pid 1", startedAt: time,
            finishedAt: time.addingTimeInterval(95), verdict: verdict, configurations: asked, nodes: verdicts)
    }
}
