// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Testing

/// Reads a configuration that includes nothing.
func configuration(
    _ text: String, file: String = "/etc/amanda/test/amanda.conf"
) throws -> AmandaConfiguration {
    try AmandaConfiguration(parsing: text, file: file) { path -> String in
        throw MissingFile(path: path)
    }
}

struct MissingFile: Error, CustomStringConvertible {
    let path: String
    var description: String { "no such file" }
}

/// What is wrong with a configuration, without the directory's name.
func faults(_ text: String) -> String? {
    faultText { _ = try configuration(text) }
}

/// The text of the error that `work` must throw.
func faultText(_ work: () throws -> Void) -> String? {
    #expect(throws: ConfigurationError.self, performing: work)?.description
        .replacing("/etc/amanda/test/", with: "")
}
