// SPDX-License-Identifier: Apache-2.0

internal import NearestName

/// Reads the lines of an `amanda.conf` and of what it includes, and goes on after every fault.
///
/// Source: Amanda 3.5.1 `common-src/conffile.c`, `read_confline`, `read_block`.
struct ConfigurationParser {
    /// Reads an included file's bytes; its path is absolute or starts with the configuration's directory.
    typealias Include = (_ path: String) throws -> [UInt8]

    static let greatestIncludeDepth = 16

    var document: ConfigurationDocument
    var faults: [ConfigurationFault] = []
    /// Definitions within definitions get names of their own.
    var anonymousCount = 0
    var lines: ArraySlice<ConfigurationLine> = []
    var file: String
    private let directory: String
    private let include: Include
    private var openFiles: [String] = []

    init(file: String, directory: String, include: @escaping Include) {
        self.file = file
        self.directory = directory
        self.include = include
        document = ConfigurationDocument(file: file)
    }

    mutating func read(_ bytes: [UInt8], file name: String) {
        let (savedLines, savedFile) = (lines, file)
        openFiles.append(name)
        file = name
        let (read, spelling) = ConfigurationLexer.lines(of: bytes, file: name)
        faults += spelling
        lines = read[...]
        noteDefinitions()
        while let line = lines.popFirst() {
            readStatement(line)
        }
        openFiles.removeLast()
        (lines, file) = (savedLines, savedFile)
    }

    func place(_ line: ConfigurationLine) -> ConfigurationPlace {
        ConfigurationPlace(file: file, line: line.number)
    }

    mutating func fault(_ line: ConfigurationLine, _ what: String, hint: String? = nil) {
        faults.append(ConfigurationFault(place(line), what, hint: hint))
    }

    /// Remembers all definitions of a file before they are read.
    private mutating func noteDefinitions() {
        for line in lines where line.tokens.count > 2 {
            guard case .word(let define) = line.tokens[0], canonicalKeyword(define) == "define",
                case .word(let keyword) = line.tokens[1], let kind = DefinitionKind(keyword: keyword),
                let name = line.tokens[2].name
            else { continue }
            document.laterNames[kind, default: []].append((name, place(line)))
        }
    }

    private mutating func readStatement(_ line: ConfigurationLine) {
        guard case .word(let word) = line.tokens[0] else {
            let what =
                line.tokens[0] == .rightBrace
                ? "this '}' closes nothing"
                : "a line must begin with a keyword, found \(line.tokens[0].text)"
            return fault(line, what)
        }
        switch canonicalKeyword(word) {
        case "includefile":
            readInclude(line)
        case "define":
            readDefinition(line)
        case "holdingdisk" where line.tokens.last == .leftBrace || opensOnNextLine():
            readHoldingDisk(line)
        case "holdingdisk":
            useHoldingDisks(line)
        default:
            if let parameter = ParameterTable.global.parameter(word) {
                var global = document.global
                read(parameter, line, into: &global)
                document.global = global
            } else {
                unknownKeyword(word, line)
            }
        }
    }

    private func opensOnNextLine() -> Bool {
        lines.first?.tokens == [.leftBrace]
    }

    /// Reads a parameter's value and notes where it was set. The last one counts, as in Amanda.
    mutating func read(
        _ parameter: Parameter, _ line: ConfigurationLine, into block: inout ConfigurationBlock
    ) {
        var reader = ParameterReader(parameter, place: place(line), tokens: line.tokens.dropFirst())
        do {
            let value = try reader.value(current: block.value(parameter.name))
            if case .scripts = parameter.kind, case .names(let new) = value,
                case .names(let old) = block.value(parameter.name)
            {
                set(parameter, .names(new.reversed() + old), line, in: &block)  // `finish` sorts them
            } else {
                set(parameter, value, line, in: &block)
            }
            checkReferences(of: parameter, value, line)
        } catch {
            fault(line, error.what, hint: error.hint)
        }
    }

    func set(
        _ parameter: Parameter, _ value: ParameterValue, _ line: ConfigurationLine,
        in block: inout ConfigurationBlock
    ) {
        block.settings[parameter.name] = .init(value: value, place: place(line))
        block.ownParameters.append((parameter.name, place(line)))
    }

    private mutating func unknownKeyword(_ word: String, _ line: ConfigurationLine) {
        let globals = ParameterTable.global.parameters.map(\.name) + ["includefile", "define"]
        var hint = nearestName(to: canonicalKeyword(word), among: globals).map { "write '\($0)'." }
        if hint == nil || DefinitionKind.allCases.contains(where: { $0.table.parameter(word) != nil }) {
            let kinds = DefinitionKind.allCases.filter { $0.table.parameter(word) != nil }.map(\.rawValue)
            if !kinds.isEmpty {
                hint = "it belongs between the braces of a \(kinds.joined(separator: " or "))."
            }
        }
        if let kind = DefinitionKind(keyword: word) { hint = "write 'define \(kind.rawValue)'." }
        fault(line, "unknown keyword '\(word)'", hint: hint)
        if line.tokens.last == .leftBrace { skipBlock() }
    }

    /// Leaves out the lines up to the brace that closes what an unknown keyword opened.
    mutating func skipBlock() {
        var depth = 1
        while depth > 0, let line = lines.popFirst() {
            if line.tokens.first == .rightBrace { depth -= 1 }
            if line.tokens.last == .leftBrace { depth += 1 }
        }
    }

    private mutating func readInclude(_ line: ConfigurationLine) {
        guard line.tokens.count == 2, case .string(let name) = line.tokens[1] else {
            return fault(line, "'includefile' must be one file name in double quotes")
        }
        let path = name.hasPrefix("/") ? name : "\(directory)/\(name)"
        guard !openFiles.contains(path) else {
            return fault(line, "'\(path)' includes itself", hint: "remove this line.")
        }
        guard openFiles.count < Self.greatestIncludeDepth else {
            return fault(line, "more than \(Self.greatestIncludeDepth) files include one another")
        }
        do {
            read(try include(path), file: path)
        } catch {
            fault(line, "cannot read the included file '\(path)': \(error)")
        }
    }
}

extension ConfigurationToken {
    /// A word or a string.
    var name: String? {
        switch self {
        case .word(let name), .string(let name): name
        default: nil
        }
    }
}
