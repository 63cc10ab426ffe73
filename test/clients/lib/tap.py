"""Runs unittest's tests and prints TAP, for test/harness."""
import os
import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    def startTestRun(self):
        self.seen = 0

    def _print(self, verdict, test):
        self.seen += 1
        print(f'{verdict} {self.seen} - {test.shortDescription() or test.id()}', flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._print('ok', test)

    def _fail(self, test, err):
        self._print('not ok', test)
        print(''.join('# ' + line + '\n' for part in traceback.format_exception(*err) for line in part.splitlines()))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, err)


def run():
    """Run the tests of the calling script, or those that it is given."""
    names = sys.argv[1:] or None
    suite = unittest.TestLoader().loadTestsFromNames(names, sys.modules['__main__']) if names else \
        unittest.TestLoader().loadTestsFromModule(sys.modules['__main__'])
    result = TapResult()
    result.startTestRun()
    suite.run(result)
    print(f'1..{result.seen}', flush=True)
    # Without waiting for threads of a test that failed.
    os._exit(not result.wasSuccessful())
