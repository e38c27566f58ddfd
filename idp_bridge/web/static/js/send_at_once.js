// Sends the page's one form; the button stays for browsers without scripts.
document.querySelector("form[data-send-at-once]")?.submit();
