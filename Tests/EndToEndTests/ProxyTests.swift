// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A proxy of the environment, between the programs and their stores, and never between the two.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(ProxiedCluster.self), .timeLimit(.minutes(9)))
    struct ProxyTests {
        @Test func `everything is backed up and restored through it`() throws {
            let made = try Arranged.as(ProxiedCluster.self)
            #expect(made.backup.exit == 0, "\(made.backup)")
            #expect(made.restore.exit == 0, "\(made.restore)")
            #expect(made.data.after.difference(from: made.data.before) == "")
        }

        @Test func `both stores were asked through it, and no agent was`() throws {
            let made = try Arranged.as(ProxiedCluster.self)
            let hosts = ProxiedCluster.hosts
            let (plain, tunnels) = made.proxy.requests.split { $0.hasPrefix("CONNECT ") }
            #expect(plain.count > 20 && !tunnels.isEmpty)
            #expect(plain.allSatisfy { $0.contains(" http://\(hosts.cluster):9000/") })
            #expect(Set(tunnels) == ["CONNECT \(hosts.volumes):443"])
        }

        @Test func `the plan names it, and nothing has its password`() throws {
            let made = try Arranged.as(ProxiedCluster.self)
            let proxy = "the proxy http://127.0.0.1:\(made.proxy.port) (http_proxy)"
            #expect(made.plan.exit == 0 && made.plan.text.contains(proxy), "\(made.plan)")
            for text in [made.plan.text, made.backup.text, made.restore.text, made.agentLog] {
                #expect(!text.isEmpty && !text.contains("s3cret"))
            }
        }

        @Test func `a proxy that wants a password is named, nobody else is blamed`()
            async throws
        {
            let made = try Arranged.as(ProxiedCluster.self)
            let refused = try await made.cluster.amfleet(
                ["list", "--cluster", made.file],
                environment: ProxiedCluster.environment(made.proxy, login: ""))
            #expect(refused.exit != 0)
            #expect(
                refused.text.contains(
                    "the proxy http://127.0.0.1:\(made.proxy.port) (http_proxy): it asks for a user and a password"
                ), "\(refused)")
        }

        @Test func `an exception is reached straight`() async throws {
            let made = try Arranged.as(ProxiedCluster.self)
            let environment = ProxiedCluster.environment(made.proxy, login: ProxiedCluster.encodedLogin)
                .merging(["http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.0/8"]) { $1 }
            try await made.node.stop()
            try await made.node.start(through: ["/usr/bin/env"] + environment.map { "\($0)=\($1)" })
            let status = try await made.cluster.amfleet(["list"], environment: environment)
            #expect(status.exit == 0, "\(status)")
        }
    }
}

extension [String] {
    fileprivate func split(_ isSecond: (String) -> Bool) -> (first: [String], second: [String]) {
        (filter { !isSecond($0) }, filter(isSecond))
    }
}
