import CPCRE2

/// A compiled regular expression in Python's syntax with bounds on time and memory; matching is safe from several threads.
///
/// PCRE2's own match limit starts anew at each place where a match could begin, and its loops over single characters do not
/// count, so under any such limit a hostile text can make a search take seconds. Therefore PCRE2 calls back before each item
/// of the expression, and the call adds up the items and the distance that the search has moved.
///
/// Safe to mark as sendable without checks: compiled code is never changed after `init`, and PCRE2 allows concurrent
/// matching with it; match data is made for each call.
package final class PayloadRegex: @unchecked Sendable {
    /// Why a pattern is refused.
    package struct SyntaxFault: Error, Sendable, Hashable {
        /// What PCRE2 says.
        package let message: String
        /// The place in the pattern, in bytes.
        package let offset: Int
    }

    /// What came of a search.
    package enum Outcome: Sendable, Hashable {
        case found
        case absent
        /// The search was ended by a limit: the policy must fail closed.
        case exceededLimit
    }

    /// The longest text that is searched; a longer one counts as exceeding the limit.
    package static let subjectBytesMax = 256 * 1024
    /// The longest expression.
    package static let patternBytesMax = 4_096
    /// What one search may cost; a unit is about a nanosecond.
    private static let workMax = 12_000_000
    private static let workPerItem = 8
    private static let matchLimit: UInt32 = 4_000_000
    private static let depthLimit: UInt32 = 200_000
    private static let heapLimitKibibytes: UInt32 = 16_384

    package let pattern: String
    private let code: OpaquePointer

    /// Compiles a pattern as Python's `re.search` with IGNORECASE would read it; ``PythonPattern`` says what is refused.
    package init(_ pattern: String) throws(SyntaxFault) {
        self.pattern = pattern
        guard pattern.utf8.count <= Self.patternBytesMax else {
            throw SyntaxFault(message: "longer than \(Self.patternBytesMax) bytes", offset: 0)
        }
        let bytes: [UInt8]
        do throws(PythonPattern.Fault) {
            bytes = Array(try PythonPattern.rewritten(pattern).utf8)
        } catch {
            throw SyntaxFault(message: error.message, offset: error.offset)
        }
        guard let settings = pcre2_compile_context_create_8(nil) else {
            throw SyntaxFault(message: "no memory for the pattern", offset: 0)
        }
        defer { pcre2_compile_context_free_8(settings) }
        // Python's dot stops at a line feed only, however the library was built.
        pcre2_set_newline_8(settings, UInt32(PCRE2_NEWLINE_LF))
        var errorNumber: Int32 = 0
        var errorOffset = 0
        let options =
            UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP) | UInt32(PCRE2_CASELESS) | UInt32(PCRE2_NEVER_BACKSLASH_C)
            | UInt32(PCRE2_AUTO_CALLOUT)
        let compiled = bytes.withUnsafeBufferPointer { pointer in
            pcre2_compile_8(pointer.baseAddress, bytes.count, options, &errorNumber, &errorOffset, settings)
        }
        guard let compiled else { throw SyntaxFault(message: Self.text(errorNumber), offset: errorOffset) }
        // Not having JIT on a machine is no fault: the interpreter obeys the same limits.
        _ = pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE))
        code = compiled
    }

    deinit {
        pcre2_code_free_8(code)
    }

    /// Searches a text.
    package func search(_ text: String) -> Outcome {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.subjectBytesMax, let data = pcre2_match_data_create_8(1, nil) else {
            return .exceededLimit
        }
        defer { pcre2_match_data_free_8(data) }
        guard let context = pcre2_match_context_create_8(nil) else { return .exceededLimit }
        defer { pcre2_match_context_free_8(context) }
        pcre2_set_match_limit_8(context, Self.matchLimit)
        pcre2_set_depth_limit_8(context, Self.depthLimit)
        pcre2_set_heap_limit_8(context, Self.heapLimitKibibytes)
        var work = Work(left: Self.workMax, position: 0)
        let result = withUnsafeMutablePointer(to: &work) { work in
            pcre2_set_callout_8(context, Self.countWork, work)
            return bytes.withUnsafeBufferPointer { pointer in
                let options = UInt32(PCRE2_NO_UTF_CHECK)
                let result = pcre2_match_8(code, pointer.baseAddress, bytes.count, 0, options, data, context)
                // The compiled code has a small stack; the interpreter keeps its state on the bounded heap.
                guard result == PCRE2_ERROR_JIT_STACKLIMIT else { return result }
                return pcre2_match_8(
                    code, pointer.baseAddress, bytes.count, 0, options | UInt32(PCRE2_NO_JIT), data, context)
            }
        }
        if result >= 0 { return .found }
        return result == PCRE2_ERROR_NOMATCH ? .absent : .exceededLimit
    }

    private struct Work {
        var left: Int
        var position: Int
    }

    private static let countWork:
        @convention(c) (UnsafeMutablePointer<pcre2_callout_block_8>?, UnsafeMutableRawPointer?) -> Int32 = {
            block, data in
            guard let block, let work = data?.assumingMemoryBound(to: Work.self) else { return PCRE2_ERROR_CALLOUT }
            let position = block.pointee.current_position
            work.pointee.left -= workPerItem + Int((position - work.pointee.position).magnitude)
            work.pointee.position = position
            return work.pointee.left > 0 ? 0 : PCRE2_ERROR_MATCHLIMIT
        }

    private static func text(_ errorNumber: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = pcre2_get_error_message_8(errorNumber, &buffer, buffer.count)
        return String(decoding: buffer.prefix(Int(max(count, 0))), as: UTF8.self)
    }
}
