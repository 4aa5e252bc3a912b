-- The former name of partnerapp.setup_help, for apps that require it.
return require "partnerapp.setup_help"
