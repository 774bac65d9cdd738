<?php

// What a Laravel application gives the documentation's sample: the framework's classes and the facade Http. They come from
// LARAVEL_AUTOLOAD (vendor/autoload.php of any application) or else from Debian's packages php-illuminate-http and
// php-guzzlehttp-guzzle, which PHP's include path finds. The sample is run as it is.

error_reporting(E_ALL & ~E_DEPRECATED);

$vendor = getenv('LARAVEL_AUTOLOAD');
$autoloads = $vendor ? [$vendor] : ['Illuminate/Http/autoload.php', 'GuzzleHttp/autoload.php'];
foreach ($autoloads as $autoload) {
    require_once $autoload;
}

Illuminate\Support\Facades\Http::swap(new Illuminate\Http\Client\Factory());
new GuzzleHttp\Client();

if (isset($argv[1])) {
    require $argv[1];
}
