// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// The recovery points that one node's dumps of a run bear.
public struct NodeRecoveryPoints: Sendable, Encodable, Equatable {
    public struct Point: Sendable, Encodable, Equatable {
        public var configuration: String
        public var disk: String
        public var point: RecoveryPoint
    }

    public var node: String
    public var points: [Point]

    init(_ record: NodeRecord) {
        node = record.node
        points = record.configurations.flatMap { configuration in
            configuration.dumps.filter { $0.status.isUsable || $0.status == .held }.flatMap { dump in
                (dump.recoveryPoints ?? []).map {
                    Point(configuration: configuration.name, disk: dump.disk, point: $0)
                }
            }
        }
    }
}

extension [NodeRecoveryPoints] {
    /// One line a point, then a warning for each point that is not the same everywhere.
    var lines: [String] {
        flatMap { node in
            node.points.map {
                "\(node.node): \($0.configuration): \($0.disk): recovery point "
                    + "\($0.point.name) \(RunText.oneLine($0.point.value))"
            }
        } + warnings
    }

    /// A database that is spread over nodes comes back to one point only if all of them bear the same.
    var warnings: [String] {
        keys.compactMap { key in
            let values = map { node in
                let own = Set(node.points.filter { Key($0) == key }.map(\.point.value)).sorted()
                return (node: node.node, value: own.isEmpty ? "none" : own.joined(separator: " and "))
            }
            let differing = Set(values.map(\.value))
            guard differing.count > 1 || differing.contains(where: { $0.contains(" and ") }) else {
                return nil
            }
            let groups = Dictionary(grouping: values, by: \.value).sorted {
                $0.value[0].node < $1.value[0].node
            }
            let text = groups.map { "\($0.key) on \($0.value.map(\.node).joined(separator: ", "))" }
                .joined(separator: "; ")
            return
                "warning: \(key.configuration): recovery point \(key.name) is not the same everywhere: \(text)"
        }
    }

    private var keys: [Key] {
        var seen: Set<Key> = []
        return flatMap(\.points).map(Key.init).filter { seen.insert($0).inserted }
    }

    private struct Key: Hashable {
        let configuration: String
        let name: String

        init(_ point: NodeRecoveryPoints.Point) {
            configuration = point.configuration
            name = point.point.name
        }
    }
}
