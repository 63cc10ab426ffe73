<?php

// Prints the class of the exception for each SQLSTATE of errors.tsv.

declare(strict_types=1);

require __DIR__ . '/editing.php';

foreach (file(__DIR__ . '/../errors.tsv', FILE_IGNORE_NEW_LINES) as $line) {
    [$state, $statement] = explode("\t", $line);
    try {
        Editing::connect()->exec($statement);
    } catch (PDOException $error) {
        printf("%s: %s (%s)\n", $state, $error::class, get_parent_class($error));
    }
}

$pdo = Editing::connect();
$pdo->beginTransaction();
$pdo->exec(file_get_contents(__DIR__ . '/../skip.sql'));
printf("skipped UPDATE: rowCount %d\n", $pdo->exec('UPDATE article SET price = 6 WHERE id = 44'));
$pdo->rollBack();
