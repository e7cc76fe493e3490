// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Dump
import Faults
import S3

/// Disks of a restore that do not come back since the store, or this machine, does not have something that only they need, each with its
/// first reason.
/// The others do not wait for them.
struct LostDisks: Sendable {
    /// By the disk's index among those that are looked at.
    private var reasons: [Int: any Error] = [:]

    subscript(index: Int) -> (any Error)? { reasons[index] }

    mutating func add(_ reason: any Error, at index: Int) {
        if reasons[index] == nil { reasons[index] = reason }
    }

    /// - Returns: what the work gives; nil: the disk is lost, for a fault of the objects that it asked for.
    /// - Throws: every other fault, which is of the restore.
    mutating func unlessLost<Value>(_ index: Int, _ work: () async throws -> Value) async throws -> Value? {
        guard reasons[index] == nil else { return nil }
        do {
            return try await work()
        } catch let error where Self.isOfOneDisk(error) {
            add(error, at: index)
            return nil
        }
    }

    /// - Throws: the first reason, where each of those disks is lost: then nothing is begun.
    func requireAny(of indices: [Int]) throws {
        let found = indices.compactMap { reasons[$0] }
        if let first = found.first, found.count == indices.count { throw first }
    }

    /// Whether an error is of what was asked for and of nothing else, a program that this machine lacks too. What asks for more than is done
    /// here, or for what must not be, is the restore's.
    static func isOfOneDisk(_ error: any Error) -> Bool {
        switch error {
        case S3Error.archived: false
        case is HangFault: true
        case let error as S3Error: error.reach == .itself
        case let error as FilterError: error.kind == .configuration
        case let error as RestoreError: error.kind == .damaged || error.kind == .failed
        case let error as WireError:
            !error.concernsWholeStore && (error.kind == .damaged || error.kind == .failed)
        default: false
        }
    }
}
