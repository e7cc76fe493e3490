// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Dump
import S3

/// Headers of files that may be anybody's.
enum FoundHeaders {
    private static let width = 16

    /// More than any run of ours writes: what claims more is not read.
    static let greatestFileCount = 50_000

    /// In the order of the numbers; nil: none of Amanda's, or it went meanwhile. Costs a request a file.
    ///
    /// - Throws: `S3Error`, `FilesError`: what cannot be looked at is not known.
    static func read(_ numbers: [UInt32], _ reader: any Dump.VolumeReader) async throws -> [DumpHeader?] {
        try await onEvery(numbers, width: width) { number in
            do {
                return try await reader.header(ofFile: number)
            } catch is RestoreError {
                return nil
            } catch S3Error.tooLong {
                return nil
            }
        }
    }
}
