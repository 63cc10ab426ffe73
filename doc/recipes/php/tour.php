<?php

// A tour: two users and a moderator of an application work on article 42.

declare(strict_types=1);

require __DIR__ . '/editing.php';

$editing = new Editing(Editing::connect());
$ann = new User('Ann', 'Ann Ames');
$bert = new User('bert', 'Bert Brandt');
$carla = new User('carla', 'Carla Chief');

$openAndTell = function (User $user) use ($editing): int {
    $opened = $editing->open($user, 42);
    echo "{$user->name} opens article 42: {$opened->title}\n";
    return $opened->token;
};
$saveAndTell = function (User $user, int $token, string $title) use ($editing): void {
    $editing->save($user, 42, $token, $title);
    echo "{$user->name} saves: $title\n";
};

$token = $openAndTell($ann);
try {
    $openAndTell($bert);
} catch (RowLocked $refusal) {
    echo "{$bert->name} is refused: {$refusal->getMessage()}\n";
}
try {
    $editing->transaction($bert, fn () => $editing->run("UPDATE article SET title = 'Mine' WHERE id = 42"));
} catch (PDOException $error) {
    if ($error->getCode() !== '55P03') {
        throw $error;
    }
    preg_match('/ERROR:\s*(.*)$/m', $error->getMessage(), $matches);
    echo "A write that does not ask is refused: {$matches[1]}\n";
}
printf("%s renews, for another %d seconds\n", $ann->name, ceil($editing->renew($ann, $token, 'Ebb and')));
$saveAndTell(new User('ann', 'Ann Ames'), $token, 'Ebb and flow');

$lost = $openAndTell($bert);
$editing->endLock($carla, 42, 'deadline');
echo "{$carla->name} ends the lock of {$bert->name}\n";
$saveAndTell($ann, $openAndTell($ann), 'Spring tide');
try {
    $saveAndTell($bert, $lost, 'Tides');
} catch (LockLost $refusal) {
    echo "The save of {$bert->name} is refused: {$refusal->getMessage()}\n";
}
$saveAndTell($bert, $openAndTell($bert), 'Tides');
