// SPDX-License-Identifier: Apache-2.0

import Coordinator

/// What the process ends with. Never renumber: scripts and monitoring know these (Docs/OPERATIONS.md, "Exit codes").
enum ExitCode: Int32 {
    case complete = 0
    case failed = 1
    case unusable = 2
    case partial = 3
    case busy = 4
    case unauthenticated = 5
    case storage = 6
    case problem = 7
    case cancelled = 130

    init(_ ending: CommandEnding) {
        self =
            switch ending {
            case .complete: .complete
            case .failed: .failed
            case .unusable: .unusable
            case .partial, .held, .suspect: .partial
            case .busy: .busy
            case .unauthenticated: .unauthenticated
            case .storage: .storage
            case .problem: .problem
            case .cancelled: .cancelled
            }
    }
}
