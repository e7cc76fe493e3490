// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import Planning
import S3

extension WireError {
    /// Any failure of a node's work as it crosses the wire. The one place where causes become kinds.
    init(cause: any Error, node: String) {
        switch cause {
        case let error as WireError:
            self = error
            self.node = error.node ?? node
        case is CancellationError:
            self = JobRefusal.cancelled(node: node)
        case let error as S3Error:
            self.init(Self.kind(of: error), node: node, text: "\(error)")
        case let error as CatalogError:
            self.init(Self.kind(of: error), node: node, text: "\(error)")
            if case .notNewest(_, let newest, _) = error { newestRun = newest }
        case let error as RestoreError:
            self.init(Self.kind(of: error), node: node, text: "\(error)")
        case let error as FilterError:
            self.init(Self.kind(of: error), node: node, text: "\(error)")
        case let error as ConfigurationError:
            self.init(.configuration, node: node, text: "\(error)")
        case let error as VolumeChoiceError:
            self.init(.configuration, node: node, text: "\(error)")
        case let error as TapelistError:
            self.init(.configuration, node: node, text: "\(error)")
        default:
            self.init(.failed, node: node, text: "\(cause)")
        }
    }

    private static func kind(of error: S3Error) -> Kind {
        if error.isRefusal { return .storageRefused }
        if error.isUnreachable { return .storageUnreachable }
        switch error {
        case .refused: return .storageRefused
        case .notFound, .corruptObject, .corruptPart, .wrongLength: return .damaged
        default: return .failed
        }
    }

    private static func kind(of error: CatalogError) -> Kind {
        switch error {
        case .unknownConfiguration, .missingDumpuser, .missingFile: .configuration
        case .notNewest, .isRunning, .slotHeld: .busy
        case .noVolume, .unknownVolume: .failed
        }
    }

    private static func kind(of error: RestoreError) -> Kind {
        switch error {
        case .missing, .lengthDiffers, .totalDiffers, .damagedStream, .checksumDiffers, .badHeader: .damaged
        case .unsupported: .unsupported
        case .diskFull, .tarFailed: .failed
        }
    }

    private static func kind(of error: FilterError) -> Kind {
        switch error {
        case .notAllowed, .unnamed, .unknownSuffix: .unsupported
        case .noUser, .asRoot, .missing, .noPassphrase: .configuration
        case .garbageBehind: .damaged
        case .failed, .doesNotComeBack: .failed
        }
    }

    /// - Parameter text: a description of ours: facts, then perhaps a line `hint: …`.
    init(_ kind: Kind, node: String, text: String) {
        let mark = "\nhint: "
        guard let range = text.firstRange(of: mark) else {
            self.init(kind, node: node, text)
            return
        }
        self.init(
            kind, node: node, String(text[..<range.lowerBound]), hint: String(text[range.upperBound...]))
    }

    /// Whether the store itself is at fault, so that going on with the next disk would only meet it again.
    var concernsWholeStore: Bool { kind == .storageRefused || kind == .storageUnreachable }
}
