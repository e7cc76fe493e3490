// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A store behind TLS whose door answers with alerts for a while, as a proxy does that reloads.
    @Suite(.serialized, .needs(Machine.cluster), .timeLimit(.minutes(9)))
    struct AlertTests {
        @Test(.long)
        func `a backup goes on after the door's alerts, and is refused at once over a certificate`()
            async throws
        {
            let cluster = try await TestCluster(nodes: ["node01"])
            do {
                try await throughAlerts(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func throughAlerts(_ cluster: TestCluster) async throws {
            let node = cluster.nodes[0]
            let identity = try TestAuthority(cluster: "localhost", directory: "\(cluster.directory)/tls")
                .write(server: "store")
            let server = try await LocalS3Server.start(
                tls: .init(certificate: identity.certificate, privateKey: identity.privateKey))
            let proxy = try FaultyProxy(to: try #require(server.securePort), mode: .opaque)
            var plan = ConfigurationPlan(name: "vertica", blockSize: "5 megabytes", tapecycle: 9)
            plan.changer = [
                "tpchanger \"chg-multi:s3:\(try await server.makeBucket())/data/slot-{01..10}\"",
                "device-property \"S3_HOST\" \"store.localhost:\(proxy.port)\"",
                "device-property \"S3_SSL\" \"YES\"", "device-property \"S3_SUBDOMAIN\" \"NO\"",
                "device-property \"SSL_CA_INFO\" \"\(identity.authority)\"",
                "device-property \"S3_ACCESS_KEY\" \"\(server.accessKey)\"",
                "device-property \"S3_SECRET_KEY\" \"\(server.secretKey)\"",
                "device-property \"NB_THREADS_BACKUP\" \"2\"",
                "device-property \"S3_MULTI_PART_UPLOAD\" \"YES\"", "changerfile \"s3-statefile\"",
            ]
            try await SourceTree.writeFile("\(node.data)/large", mebibytes: 30, randomMebibytes: 4)
            try await cluster.configure([plan])
            try await cluster.startAgents()
            let before = try await TreeManifest(of: node.data)

            proxy.setRate(bytesPerSecond: 4 << 20)
            let backup = try cluster.startAmfleet(["backup"])
            try await eventually("parts pass: \(backup.text)") { proxy.passedByteCount > 8 << 20 }
            proxy.answerTLS(alert: 80, connections: 12)
            proxy.cutAll()
            proxy.setRate(bytesPerSecond: nil)
            let result = try await backup.end()
            #expect(result.exit == 0, "\(result)")
            #expect(proxy.alertsLeft == 0)
            let target = "\(cluster.directory)/back"
            proxy.answerTLS(alert: 112, connections: 4)
            let restore = try await cluster.amfleet([
                "restore", "--configuration", "vertica", "--to", target,
            ])
            #expect(restore.exit == 0, "\(restore)")
            #expect(
                try await before.difference(from: TreeManifest(of: "\(target)/node01/vertica\(node.data)"))
                    == "")

            // A store that refuses our certificate, or that lacks one, does so tomorrow too.
            let file = try cluster.clusterFile("tls") {
                $0.set("storage", "endpoint", to: "https://store.localhost:\(proxy.port)")
            }
            proxy.answerTLS(alert: 46, connections: 1000)
            let refused = try await cluster.amfleet(["backup", "--cluster", file], limit: .seconds(45))
            #expect(refused.exit == 6, "\(refused)")
            #expect(refused.errors.contains("alert 46 (certificate_unknown)"), "\(refused)")
            if LongTests.areWanted { try await lasting(cluster, file, proxy) }
            proxy.clear()
            await server.stop()
        }

        /// Alerts that do not end are told by the pre-flight within a minute.
        private func lasting(_ cluster: TestCluster, _ file: String, _ proxy: FaultyProxy) async throws {
            proxy.answerTLS(alert: 80, connections: 1_000_000)
            let lasting = try await cluster.amfleet(["backup", "--cluster", file], limit: .seconds(150))
            #expect(lasting.exit == 6, "\(lasting)")
            #expect(lasting.errors.contains("alert 80 (internal_error)"), "\(lasting)")
        }
    }
}
