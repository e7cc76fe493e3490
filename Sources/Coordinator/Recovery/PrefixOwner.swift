// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Whose a prefix is, as the mark in the bucket says it to whoever wants to bring the coordinator back.
enum PrefixOwner {
    case marked(ClusterIdentity)
    case unmarked
    case damaged(WireJSONError)

    /// nil: nobody can say.
    var known: ClusterIdentity? {
        if case .marked(let identity) = self { return identity }
        return nil
    }

    /// For people; nil: all is well.
    var remark: String? {
        switch self {
        case .marked: nil
        case .unmarked: "the bucket has no mark of its cluster: the next backup writes it again"
        case .damaged(let error): "the bucket's mark of its cluster is damaged: \(error.facts)"
        }
    }
}
